#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ring buffer's reader against a real ring; the work is in tests/tools/ring.c.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
sandbox
"$TOP/build/plain/tools/ring"
