/* SPDX-License-Identifier: Apache-2.0 */
void child(void)
{
	/* forked: the parent's buffers are not ours to flush */
	_exit(1);
}

/* abort() is never called */
void on_exit_do(void);
