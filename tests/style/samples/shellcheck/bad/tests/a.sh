#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
a=(1 2)
echo "${a[0]}"
