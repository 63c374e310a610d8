#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules of the house for people: `make lint`.  See style.py.
exec /usr/bin/python3 -B "$(dirname "$0")/style.py" "$@"
