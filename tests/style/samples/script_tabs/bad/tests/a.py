# SPDX-License-Identifier: Apache-2.0
if 1:
	pass
