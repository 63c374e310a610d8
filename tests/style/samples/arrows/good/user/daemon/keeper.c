/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/lease.h"
#include "metrics/http.h"
