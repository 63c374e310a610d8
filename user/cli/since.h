/* SPDX-License-Identifier: Apache-2.0 */
/*
 * since -- `watch --since TIME` as seconds to look back.  Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * "90s", "10m", "2h"; "2026-11-21T10:02:11Z" as events have it, with or
 * without a fraction; "10:02Z" or "10:02:11Z" of the day of NOW (UTC).
 * -EINVAL: none of these.  -ERANGE: after NOW.
 */
int vg_since_parse(const char *text, time_t now, uint32_t *ret_seconds);
