/* SPDX-License-Identifier: Apache-2.0 */
	{ "host", read_host, false },
