/* SPDX-License-Identifier: Apache-2.0 */
/* mktemp fills /tmp/a.XXXXXX; methodology */
