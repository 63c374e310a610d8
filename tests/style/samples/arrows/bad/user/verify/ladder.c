/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/ladder.h"

#include "verify/prover.h"
