/* SPDX-License-Identifier: Apache-2.0 */
static const x kinds[] = {
	KIND(NODATA, MEDIUM, BLOCK, RUN_OUT,
	     "t", "r"),
	KIND(SERVFAIL, LOW, WARN, NONE, "t", "r"),
};
