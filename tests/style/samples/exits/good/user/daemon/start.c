/* SPDX-License-Identifier: Apache-2.0 */
/* In the child, which shares nothing any more: never returns. */
static void become(void)
{
	int r = prepare();

	if (r < 0)
		_exit(1);
	r = step();
	step();
	step();
	_exit(r);
}
