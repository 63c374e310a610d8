/* SPDX-License-Identifier: Apache-2.0 */
long a(char *t)
{
	return atol(t);
}
