/* SPDX-License-Identifier: Apache-2.0 */
static void empty_refuses(void **state)
{
}
