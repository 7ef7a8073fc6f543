// More random bytes than the host gives at once, or than any list can have: a
// trap, since there is no other way to give fewer.
#include "guest.h"

void test(void) {
	wasi_string_t what = arg(1);
	wasi_list_u8_t got;
	if (is(what, "random, 1 MiB and one")) {
		wasi_random_random_get_random_bytes((1 << 20) + 1, &got);
	} else if (is(what, "random, all there are")) {
		wasi_random_random_get_random_bytes(UINT64_MAX, &got);
	} else if (is(what, "insecure, 1 MiB and one")) {
		wasi_random_insecure_get_insecure_random_bytes((1 << 20) + 1, &got);
	} else if (is(what, "insecure, all there are")) {
		wasi_random_insecure_get_insecure_random_bytes(UINT64_MAX, &got);
	} else {
		FAIL("no such case");
	}
}
