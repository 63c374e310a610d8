/* SPDX-License-Identifier: Apache-2.0 */
	[VG_RECORD_DENY] = "deny",
	[VG_REASON_NONE] = "granted",
	[VG_REASON_EXPIRED] = "expired",
