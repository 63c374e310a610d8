/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Constants that are not in BTF (macros of the UAPI), and our own numbers.
 */
#pragma once

#include "verigress/abi.h"

#define AF_INET		 2
#define AF_INET6	 10
#define SOCK_STREAM	 1
#define SOCK_DGRAM	 2
#define ETH_P_IP	 0x0800
#define ETH_P_IPV6	 0x86dd
#define SOL_TCP		 6
#define TCP_USER_TIMEOUT 18

/* IPv4: version 4, five words, so no options. */
#define VG_IP4_PLAIN  0x45
#define VG_IP4_OFFSET 0x1fff /* of a fragment, in host order */

/*
 * The reader is woken at most once in this time from each CPU: a wake-up costs
 * more than the event (0.73x against 1.05 to 3x of a bare call), and while
 * data flows the reader polls.
 */
#define VG_WAKE_NS 1000000ULL

/* How long a connection that egress refuses may retry its SYN, in ms. */
#define VG_REFUSED_TIMEOUT_MS 1

/*
 * An ended CIDR lease may hide a wider one that lives; so many are looked
 * behind.  More of them nested in one another refuse.
 */
#define VG_CIDR_TRIES 4
