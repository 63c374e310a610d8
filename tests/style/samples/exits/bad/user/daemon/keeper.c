/* SPDX-License-Identifier: Apache-2.0 */
void f(void)
{
	abort();
}

void g(void)
{
	int a = 1;

	if (a)
		_exit(2);
}
