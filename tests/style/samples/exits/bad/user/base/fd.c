/* SPDX-License-Identifier: Apache-2.0 */
void f(void)
{
	exit(1); /* for good */
}
