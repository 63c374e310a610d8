/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

int a_count;
static const char *const names[] = { "a" };
struct a {
	int x;
} the_one;
