/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal -- events to systemd-journald by its native datagram protocol.
 *
 * Non-blocking: what the journal does not take at once is counted as lost.
 * A journald that was restarted is found again.
 * Does not log.  Called from the event loop only.
 */
#pragma once

#include <stdint.h>

#define VG_JOURNAL_SOCKET "/run/systemd/journal/socket"
#define VG_JOURNAL_FIELDS 8

struct vg_journal;

struct vg_journal_field {
	const char *name; /* [A-Z][A-Z0-9_]* */
	const char *value; /* NULL: left out; may hold newlines */
};

/* PATH: VG_JOURNAL_SOCKET, or a test's.  -ENOENT when there is no journal. */
int vg_journal_new(const char *path, struct vg_journal **ret);
void vg_journal_freep(struct vg_journal **j);

/* Sends MESSAGE with PRIORITY (0..7) and FIELDS; -errno when lost. */
int vg_journal_put(struct vg_journal *j, int priority, const char *message,
		   const struct vg_journal_field fields[VG_JOURNAL_FIELDS]);
uint64_t vg_journal_lost(const struct vg_journal *j);
