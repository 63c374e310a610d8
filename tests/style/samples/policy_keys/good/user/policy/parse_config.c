/* SPDX-License-Identifier: Apache-2.0 */
	{ "leases", read_leases, true },
