/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/since.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

#define LOOK_BACK_MAX_S (365U * 86400)

/* What follows the seconds: ".123456Z" or "Z". */
static bool ends_well(const char *rest)
{
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return strcmp(rest, "Z") == 0;
}

static int parse_clock(const char *text, time_t now, time_t *ret)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%S",
		"%H:%M:%S",
		"%H:%M",
	};

	for (size_t i = 0; i < VG_ARRAY_LEN(formats); i++) {
		struct tm tm = {0};
		const char *rest;

		if (!gmtime_r(&now, &tm))
			return -EINVAL;
		tm.tm_sec = 0;
		rest = strptime(text, formats[i], &tm);
		if (!rest || !ends_well(rest))
			continue;
		*ret = timegm(&tm);
		return 0;
	}
	return -EINVAL;
}

int vg_since_parse(const char *text, time_t now, uint32_t *ret_seconds)
{
	time_t then;
	int r;

	if (vg_num_duration(text, 1, LOOK_BACK_MAX_S, ret_seconds) == 0)
		return 0;

	r = parse_clock(text, now, &then);
	if (r < 0)
		return r;
	if (then > now)
		return -ERANGE;
	if (now - then > LOOK_BACK_MAX_S)
		then = now - LOOK_BACK_MAX_S;
	*ret_seconds = (uint32_t)(now - then);
	return 0;
}
