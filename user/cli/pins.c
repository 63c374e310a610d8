/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int open_dir(int at, const char *path, DIR **ret)
{
	vg_cleanup(vg_fd_closep) int fd = -1;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*ret = fdopendir(fd);
	if (!*ret)
		return -errno;
	(void)VG_TAKE_FD(fd);
	return 0;
}

static int count_links(int at, const char *name, uint32_t *ret)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	const struct dirent *e;
	int r;

	r = open_dir(at, name, &d);
	if (r < 0)
		return r;
	*ret = 0;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			(*ret)++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct vg_pins_service *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void add(int at, const char *name, struct vg_pins *pins)
{
	struct vg_pins_service *s = &pins->services[pins->n];

	if (name[0] == '.' || strlen(name) >= sizeof(s->name) ||
	    pins->n >= VG_PINS_SERVICES || count_links(at, name, &s->links) < 0)
		return;
	(void)strcpy(s->name, name);
	pins->n++;
}

int vg_pins_read(const char *bpffs, struct vg_pins *ret)
{
	vg_cleanup(closedirp) DIR *d = NULL;
	vg_cleanup(vg_freep) char *path = NULL;
	vg_cleanup(vg_freep) struct vg_pins_service *services = NULL;
	struct vg_pins pins = {0};
	const struct dirent *e;
	int r;

	if (asprintf(&path, "%s/links", bpffs) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = open_dir(AT_FDCWD, path, &d);
	if (r < 0)
		return r;
	services = calloc(VG_PINS_SERVICES, sizeof(*services));
	if (!services)
		return -ENOMEM;

	pins.services = services;
	while ((e = readdir(d)))
		add(dirfd(d), e->d_name, &pins);
	qsort(services, pins.n, sizeof(*services), by_name);
	*ret = pins;
	(void)VG_TAKE_PTR(services);
	return 0;
}
