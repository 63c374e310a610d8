#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every rule on its samples and on the tree, as TAP.  See style.py.
exec /usr/bin/python3 -B "$(dirname "$0")/style.py" --tap
