/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lookup.h"
#include "verify/prover.h"
