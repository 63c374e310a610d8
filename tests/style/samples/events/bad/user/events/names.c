/* SPDX-License-Identifier: Apache-2.0 */
	[VG_REASON_EXPIRED] = "expired",
