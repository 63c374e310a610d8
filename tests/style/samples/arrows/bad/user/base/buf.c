/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "policy/address.h"
