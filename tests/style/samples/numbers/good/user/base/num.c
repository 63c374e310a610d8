/* SPDX-License-Identifier: Apache-2.0 */
int f(void)
{
	return (int)strtoul("1", 0, 10);
}
