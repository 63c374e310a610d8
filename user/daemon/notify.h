/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify -- readiness to the init system: sd_notify(3)'s documented protocol,
 * one datagram to $NOTIFY_SOCKET.  Called by the keeper.
 */
#pragma once

/* STATE like "READY=1\nSTATUS=...".  0 also when nobody asked for it. */
int vg_notify(const char *state);
