/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon and the command line say to each other, over the Unix stream
 * socket RUN_DIR/control.sock.
 *
 * Both send frames: VG_CONTROL_HEADER octets (magic "VGC" and the version;
 * the type; three zeros; the size of the payload, big-endian), then the
 * payload.  The client sends one REQUEST; the daemon answers with OUT and ERR
 * frames (text for stdout and stderr, as it is to be printed) and one END with
 * the exit status.  The daemon renders, the client only prints.
 */
#pragma once

#define VG_CONTROL_SOCKET  "control.sock"
#define VG_CONTROL_VERSION 1
#define VG_CONTROL_MAGIC   "VGC\001"
#define VG_CONTROL_HEADER  12
#define VG_CONTROL_PAYLOAD 65536 /* most octets in a frame */
#define VG_CONTROL_ARGS	   8
#define VG_CONTROL_ARG	   1024 /* most octets in an argument; never a NUL */
#define VG_CONTROL_BACKLOG 32 /* for listen(2) */
#define VG_CONTROL_GROUP   "verigress" /* its members may read */

enum vg_frame_type {
	VG_FRAME_REQUEST = 1,
	VG_FRAME_OUT,
	VG_FRAME_ERR,
	VG_FRAME_END,
	VG_FRAME_TYPES,
};

/* The arguments of each verb are in control/codec.c. */
enum vg_verb {
	VG_VERB_STATUS = 0,
	VG_VERB_LIST,
	VG_VERB_SHOW, /* SERVICE */
	VG_VERB_WHY, /* SERVICE HOST[:PORT] | ADDRESS:PORT | [V6]:PORT */
	VG_VERB_WATCH, /* SERVICE or "", seconds to look back or "" */
	VG_VERB_RELOAD,
	VG_VERB_DIFF,
	VG_VERB_HOLD, /* SERVICE */
	VG_VERB_FLUSH, /* SERVICE */
	VG_VERB_LOCKDOWN, /* SERVICE */
	VG_VERB_VERSION,
	VG_VERB_COUNT,
};

/* Flags of a request. */
#define VG_REQUEST_JSON	  0x01
#define VG_REQUEST_COLOUR 0x02
#define VG_REQUEST_FOLLOW 0x04 /* watch: go on with what comes */
#define VG_REQUEST_WAIT	  0x08 /* reload: until every endpoint was judged */
#define VG_REQUEST_LIFT	  0x10 /* lockdown: end it */
#define VG_REQUEST_FLAGS  0x1f

/* Exit status of the commands, design.md section 8. */
#define VG_EXIT_OK	0
#define VG_EXIT_REFUSED 1 /* refused, degraded, errors in the policy */
#define VG_EXIT_USAGE	2
#define VG_EXIT_DOWN	3 /* status: nobody answers */
#define VG_EXIT_MAX	125
