/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/ladder.h"

#include <string.h>

#include "base/buf.h"
#include "policy/model.h"
#include "resolve/answer.h"
