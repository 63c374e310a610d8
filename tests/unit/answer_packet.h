/* SPDX-License-Identifier: Apache-2.0 */
/* DNS packets by hand, for the tests of user/resolve/answer. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "resolve/answer.h"

#define CLASS_IN 1
#define CLASS_CH 3

struct packet {
	uint8_t data[VG_ANSWER_PACKET];
	size_t size;
};

static inline void packet_put(struct packet *p, const void *data, size_t n)
{
	assert_true(p->size + n <= sizeof(p->data));
	memcpy(p->data + p->size, data, n);
	p->size += n;
}

static inline void packet_put16(struct packet *p, unsigned int value)
{
	packet_put(p, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static inline void packet_put32(struct packet *p, uint32_t value)
{
	packet_put16(p, value >> 16);
	packet_put16(p, value & 0xffff);
}

static inline void packet_put_name(struct packet *p, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		packet_put(p, &(uint8_t){(uint8_t)n}, 1);
		packet_put(p, name, n);
		name += n + (name[n] == '.');
	}
	packet_put(p, "", 1);
}

/* Add one to the count at OFFSET of the header. */
static inline void packet_count(struct packet *p, size_t offset)
{
	unsigned int n = p->data[offset] * 256U + p->data[offset + 1];

	p->data[offset] = (uint8_t)((n + 1) >> 8);
	p->data[offset + 1] = (uint8_t)(n + 1);
}

static inline void packet_begin(struct packet *p, const char *name,
				uint16_t type, uint8_t rcode)
{
	memset(p, 0, sizeof(*p));
	packet_put(p, (uint8_t[12]){0x12, 0x34, 0x81, (uint8_t)(0x80 | rcode)},
		   12);
	packet_put_name(p, name);
	packet_put16(p, type);
	packet_put16(p, CLASS_IN);
	packet_count(p, 4);
}

static inline void packet_put_head(struct packet *p, const char *owner,
				   uint16_t type, unsigned int class,
				   uint32_t ttl)
{
	packet_put_name(p, owner);
	packet_put16(p, type);
	packet_put16(p, class);
	packet_put32(p, ttl);
	packet_count(p, 6);
}

static inline void packet_put_a(struct packet *p, const char *owner,
				uint32_t ttl, const char *octets)
{
	packet_put_head(p, owner, VG_TYPE_A, CLASS_IN, ttl);
	packet_put16(p, 4);
	packet_put(p, octets, 4);
}

static inline void packet_put_cname(struct packet *p, const char *owner,
				    uint32_t ttl, const char *target)
{
	size_t at;

	packet_put_head(p, owner, VG_TYPE_CNAME, CLASS_IN, ttl);
	at = p->size;
	packet_put16(p, 0);
	packet_put_name(p, target);
	p->data[at + 1] = (uint8_t)(p->size - at - 2);
}
