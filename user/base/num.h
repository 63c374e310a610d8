/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num -- numbers from text, to the last character.
 *
 * The only place where text becomes a number (tests/style forbids strtoul and
 * its kin elsewhere).  Decimal digits only: no sign, no blank, no "0x", no
 * leading zero but "0" itself.  *RET is set on success only.
 * -EINVAL: not such a number.  -ERANGE: outside [MIN, MAX].  Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int vg_num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
int vg_num_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret);

/* "90s", "15m", "24h", "2d" -> seconds.  A number without unit is -EINVAL. */
int vg_num_duration(const char *text, uint32_t min_s, uint32_t max_s,
		    uint32_t *ret_s);

/* "4096", "64KiB", "4MiB", "1GiB" -> octets. */
int vg_num_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
