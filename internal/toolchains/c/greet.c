#include "typed.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The world's greet, with the bindings of wit-bindgen.
bool exports_typed_greet(typed_list_string_t *names, typed_string_t *ret, typed_string_t *err) {
	if (names->len == 0) {
		typed_string_dup(err, "nobody");
		return false;
	}
	size_t size = sizeof "hello ";
	for (size_t i = 0; i < names->len; i++) size += names->ptr[i].len + sizeof " and ";
	char *text = malloc(size), *end = text + sprintf(text, "hello");
	for (size_t i = 0; i < names->len; i++)
		end += sprintf(end, "%s %.*s", i > 0 ? " and" : "", (int)names->ptr[i].len, (char *)names->ptr[i].ptr);
	*ret = (typed_string_t){(uint8_t *)text, end - text};
	typed_list_string_free(names);
	return true;
}
