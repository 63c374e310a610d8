/* SPDX-License-Identifier: Apache-2.0 */
int f(char *t)
{
	int a = atoi(t);
	unsigned long b = strtoul (t, 0, 0);

	return sscanf(t, "%d", &a) + (int)b;
}
