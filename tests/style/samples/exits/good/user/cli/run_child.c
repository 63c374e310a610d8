/* SPDX-License-Identifier: Apache-2.0 */
static void child(void)
{
	step();
	step();
	_exit(1);
}
