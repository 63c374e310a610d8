/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#define A 1
extern int a_count;
struct a {
	int x;
};
enum b { B_ONE };
typedef void (*a_fn)(int x);
int a_sum(const struct a *a, int n);
static inline int a_x(const struct a *a)
{
	int x = a->x;

	return x;
}
