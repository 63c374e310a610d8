/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log -- the one sink for what the processes say of themselves.
 *
 * Lines go to stderr as `<6>keeper: text` when stderr is the journal
 * (JOURNAL_STREAM), else as `verigressd[keeper]: text`.  libbpf and libunbound
 * speak through it one level down.  Control characters are escaped, a line is
 * cut at 1,000 octets.  Only edges log: a leaf returns -errno.
 */
#pragma once

#include <stdarg.h>

enum vg_log_level { VG_LOG_ERR, VG_LOG_WARN, VG_LOG_INFO, VG_LOG_DEBUG };

/* WHO stands before every line; LEVEL is the last one printed. */
void vg_log_setup(const char *who, enum vg_log_level level);

__attribute__((format(printf, 2, 3))) void vg_log(enum vg_log_level level,
						  const char *format, ...);
__attribute__((format(printf, 2, 0))) void
vg_logv(enum vg_log_level level, const char *format, va_list args);

#define vg_err(...)   vg_log(VG_LOG_ERR, __VA_ARGS__)
#define vg_warn(...)  vg_log(VG_LOG_WARN, __VA_ARGS__)
#define vg_info(...)  vg_log(VG_LOG_INFO, __VA_ARGS__)
#define vg_debug(...) vg_log(VG_LOG_DEBUG, __VA_ARGS__)
