/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/lease.h"

#include "base/fd.h"
#include "enforce/load.h"
#include "policy/address.h"
#include "verigress/abi.h"
