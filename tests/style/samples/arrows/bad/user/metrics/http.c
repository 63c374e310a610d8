/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/http.h"

#include "verigress/control.h"
