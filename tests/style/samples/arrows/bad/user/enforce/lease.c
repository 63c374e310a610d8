/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/lease.h"

#include "events/ring.h"
#include "daemon/state.h"
