# SPDX-License-Identifier: Apache-2.0
ls "$DESTDIR/home/x"
