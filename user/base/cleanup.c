/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

void vg_freep(void *pointer_to_pointer)
{
	void *p;

	/* By memcpy: a `char **` must not be read through a `void **`. */
	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
	p = NULL;
	memcpy(pointer_to_pointer, &p, sizeof(p));
}
