/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/host.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

#define NAME_MAX_OCTETS	 253
#define LABEL_MAX_OCTETS 63

static const struct vg_host_error
	empty = {"the name is empty", NULL},
	has_nul = {"the name contains NUL", NULL},
	has_blank = {"the name contains a blank", NULL},
	not_ascii = {"the name is not ASCII", "write the A-label (xn--...)"},
	has_zone = {"the name contains a zone id", NULL},
	bad_octet = {"the name contains a character that is not a letter, "
		     "digit, hyphen or underscore",
		     NULL},
	too_long = {"the name is longer than 253 octets", NULL},
	empty_label = {"the name has an empty label", NULL},
	long_label = {"a label of the name is longer than 63 octets", NULL},
	bad_hyphen = {"a label of the name begins or ends with a hyphen", NULL},
	is_literal = {"the name is an address", "use 'address:'"},
	is_prefix = {"the name is a CIDR", "use 'address:'"},
	is_url = {"the name is not a host name but a URL or has a port",
		  "write the host alone, and its port under 'ports:'"},
	is_wildcard = {"a wildcard stands only alone in the first label", NULL},
	numeric = {"the last label of the name is numeric",
		   "some programs take it for an IPv4 address; use "
		   "'address:'"},
	single = {"the name has a single label",
		  "write the name in full; search lists are not used"},
	special = {"resolvers answer this name by themselves", NULL},
	multicast = {"names under .local are not looked up in DNS", NULL},
	metadata = {"the name leads to a cloud metadata service",
		    "only its exact address opens it: use 'address:'"};

/* NAME is SUFFIX, or lies under it. */
static const struct {
	const char *suffix;
	const struct vg_host_error *error;
} refused[] = {
	{"localhost", &special},      {"invalid", &special},
	{"onion", &special},	      {"test", &special},
	{"in-addr.arpa", &special},   {"ip6.arpa", &special},
	{"local", &multicast},	      {"metadata.google.internal", &metadata},
	{"metadata.goog", &metadata},
};

/* First labels that mean it under .internal, whoever the provider is. */
static const char *const metadata_labels[] = {
	"metadata",
	"instance-data",
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* What one octet of TEXT, and it alone, is wrong with. */
static const struct vg_host_error *octet_error(char c)
{
	if (c == '\0')
		return &has_nul;
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return &has_blank;
	if ((unsigned char)c > 0x7E)
		return &not_ascii;
	if (c == '%')
		return &has_zone;
	if (c == '*')
		return &is_wildcard;
	if (c == '/' || c == ':' || c == '@' || c == '?')
		return &is_url;
	if (is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.')
		return NULL;
	return &bad_octet;
}

static const struct vg_host_error *label_error(const char *label, size_t size)
{
	if (size == 0)
		return &empty_label;
	if (size > LABEL_MAX_OCTETS)
		return &long_label;
	if (label[0] == '-' || label[size - 1] == '-')
		return &bad_hyphen;
	return NULL;
}

static const struct vg_host_error *labels_error(const char *name)
{
	const struct vg_host_error *error;
	size_t size;

	do {
		size = strcspn(name, ".");
		error = label_error(name, size);
		if (error)
			return error;
		name += size + 1;
	} while (name[-1]);
	return NULL;
}

/* TEXT as an address or a prefix, which people write in the wrong place. */
static const struct vg_host_error *literal_error(const char *text, size_t size)
{
	char copy[VG_ADDRESS_TEXT];
	struct vg_address a;
	struct vg_prefix p;

	if (size >= sizeof(copy) || memchr(text, '\0', size))
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (vg_address_parse(copy, &a) == 0)
		return &is_literal;
	if (vg_prefix_parse(copy, &p) == 0)
		return &is_prefix;
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const struct vg_host_error *vg_zone_parse(const char *text, size_t size,
					  char ret[static VG_ENDPOINT_TEXT])
{
	const struct vg_host_error *error;
	char name[NAME_MAX_OCTETS + 1];

	if (size == 0)
		return &empty;
	error = literal_error(text, size);
	if (error)
		return error;
	for (size_t i = 0; i < size; i++) {
		error = octet_error(text[i]);
		if (error)
			return error;
	}
	if (size > 1 && text[size - 1] == '.')
		size--;
	if (size > NAME_MAX_OCTETS)
		return &too_long;

	for (size_t i = 0; i < size; i++)
		name[i] = lower(text[i]);
	name[size] = '\0';
	error = labels_error(name);
	if (error)
		return error;

	memcpy(ret, name, size + 1);
	return NULL;
}

/*
 * All digits, or "0x" and hexadecimal ones: inet_aton(3) of the application
 * may take such a name for an address, where DNS takes it for a name.
 */
static bool last_label_is_numeric(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *label = dot ? dot + 1 : name;
	const bool hex = label[0] == '0' && label[1] == 'x';

	for (const char *c = hex ? label + 2 : label; *c; c++)
		if (hex ? !is_hex(*c) : !is_digit(*c))
			return false;
	return true;
}

static bool is_under(const char *name, const char *suffix)
{
	const size_t n = strlen(name), s = strlen(suffix);

	if (n < s || strcmp(name + n - s, suffix) != 0)
		return false;
	return n == s || name[n - s - 1] == '.';
}

static bool is_metadata_label(const char *name)
{
	const size_t size = strcspn(name, ".");

	for (size_t i = 0; i < VG_ARRAY_LEN(metadata_labels); i++)
		if (strlen(metadata_labels[i]) == size &&
		    memcmp(metadata_labels[i], name, size) == 0)
			return true;
	return false;
}

static const struct vg_host_error *special_error(const char *name)
{
	if (last_label_is_numeric(name))
		return &numeric;
	for (size_t i = 0; i < VG_ARRAY_LEN(refused); i++)
		if (is_under(name, refused[i].suffix))
			return refused[i].error;
	if (is_under(name, "internal") && is_metadata_label(name))
		return &metadata;
	if (!strchr(name, '.'))
		return &single;
	return NULL;
}

const struct vg_host_error *vg_host_parse(const char *text, size_t size,
					  char ret[static VG_ENDPOINT_TEXT])
{
	const struct vg_host_error *error;
	char name[VG_ENDPOINT_TEXT];

	error = vg_zone_parse(text, size, name);
	if (error)
		return error;
	error = special_error(name);
	if (error)
		return error;

	memcpy(ret, name, strlen(name) + 1);
	return NULL;
}
