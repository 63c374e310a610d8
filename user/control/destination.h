/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination -- what `verigress why` asks about.
 *
 * HOST, HOST:PORT, ADDRESS, ADDRESS:PORT, [V6]:PORT, V6; each may end in /tcp
 * or /udp.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/model.h"

struct vg_destination {
	bool is_address;
	struct vg_address address;
	char host[VG_ENDPOINT_TEXT]; /* lower case; "" for an address */
	uint16_t port; /* 0: not said */
	uint8_t proto; /* IPPROTO_*; 0: not said */
};

/* -EINVAL when TEXT is none of these; *RET is then untouched. */
int vg_destination_parse(const char *text, struct vg_destination *ret);
