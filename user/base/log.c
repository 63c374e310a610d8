/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define LINE_MAX_OCTETS 1000

static const char *log_who = "verigress";
static enum vg_log_level log_level = VG_LOG_INFO;
static bool log_to_journal;

/* Of syslog(3), which the journal reads as <N>. */
static const int priorities[] = {
	[VG_LOG_ERR] = 3,
	[VG_LOG_WARN] = 4,
	[VG_LOG_INFO] = 6,
	[VG_LOG_DEBUG] = 7,
};

/* systemd.exec(5): JOURNAL_STREAM is device:inode of the journal's socket. */
static bool stderr_is_journal(void)
{
	const char *wanted = getenv("JOURNAL_STREAM");
	char have[64];
	struct stat st;

	if (!wanted || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(have, sizeof(have), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	return strcmp(have, wanted) == 0;
}

void vg_log_setup(const char *who, enum vg_log_level level)
{
	log_who = who;
	log_level = level;
	log_to_journal = stderr_is_journal();
}

void vg_logv(enum vg_log_level level, const char *format, va_list args)
{
	vg_cleanup(vg_buf_freep) struct vg_buf line = {0};
	char text[LINE_MAX_OCTETS + 1];
	const int saved = errno;
	size_t size;

	if (level > log_level)
		return;

	(void)vsnprintf(text, sizeof(text), format, args);
	size = strlen(text);
	if (size && text[size - 1] == '\n')
		text[size - 1] = '\0'; /* libbpf ends its lines itself */
	if (log_to_journal)
		vg_buf_printf(&line, "<%d>%s: ", priorities[level], log_who);
	else
		vg_buf_printf(&line, "verigressd[%s]: ", log_who);
	vg_buf_escaped(&line, text);
	if (line.size > LINE_MAX_OCTETS)
		line.size = LINE_MAX_OCTETS;
	vg_buf_puts(&line, "\n");

	/* One write, so that lines of three processes do not mix. */
	if (vg_buf_error(&line) == 0 &&
	    write(STDERR_FILENO, line.data, line.size) < 0) {
		/* Nobody is left to tell. */
	}
	errno = saved;
}

void vg_log(enum vg_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vg_logv(level, format, args);
	va_end(args);
}
