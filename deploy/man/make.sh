#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the man page made from an mdoc(7) source: make.sh PAGE.in
set -eu
: "${VERSION:?}"
sed "s/@VERSION@/$VERSION/g" "$1"
