/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports -- "443/tcp", "8000-8015/tcp", or every port of a protocol (an
 * asterisk in the place of the number).
 *
 * Used by the policy parser and by whoever prints ports.  Pure.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/model.h"

/* NULL: fine, and *RET is set; else what is wrong, as a sentence. */
const char *vg_ports_parse(const char *text, struct vg_ports *ret);

/* "tcp" or "udp". */
const char *vg_ports_proto_name(uint8_t proto);

void vg_ports_text(const struct vg_ports *p, struct vg_buf *out);
/* "443/tcp, 8000-8015/tcp" */
void vg_ports_list(const struct vg_ports *p, size_t n, struct vg_buf *out);

bool vg_ports_equal(const struct vg_ports *a, const struct vg_ports *b);
bool vg_ports_overlap(const struct vg_ports *a, const struct vg_ports *b);
/* Every port contains each. */
bool vg_ports_contain(const struct vg_ports *p, uint8_t proto, uint16_t port);
/* How many leases it takes for one address: 1 for every port. */
uint32_t vg_ports_count(const struct vg_ports *p);
