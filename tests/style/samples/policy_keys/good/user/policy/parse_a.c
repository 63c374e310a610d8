/* SPDX-License-Identifier: Apache-2.0 */
static const struct vg_key keys[] = {
	{ "host", read_host, false },
	{ "pins", read_pins, false },
};
