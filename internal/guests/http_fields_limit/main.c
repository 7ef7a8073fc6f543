// What all fields of a guest occupy is bounded. The argument says how it grows.
#include "http.h"

void test(void) {
	fields f = fields_new();
	static char value[1000];
	memset(value, 'x', sizeof value - 1);
	if (is(arg(1), "freed")) {
		for (int i = 0; i < 10000; i++) {
			append(f, "x", value);
			fields copy = wasi_http_types_borrow_fields(FIELDS(clone)(f));
			wasi_string_t name = str("X");
			CHECK(FIELDS(delete)(f, &name, &fields_error));
			fields_drop(copy);
		}
		return;
	}
	for (int i = 0; i < 10000; i++) {
		if (is(arg(1), "append")) {
			append(f, "x", value);
		} else if (is(arg(1), "many")) {
			append(f, "x", "");
			append(f, "x", "");
		} else {
			CHECK(is(arg(1), "clone"));
			append(f, "x", value);
			FIELDS(clone)(f);
		}
	}
	FAIL("there is no limit");
}
