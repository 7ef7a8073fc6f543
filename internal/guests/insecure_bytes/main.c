// insecure: as many bytes as asked for, other ones each time.
#include "streams.h"

void test(void) {
	const uint64_t sizes[] = {0, 1, 7, 8, 9, 1000, 65536, 1 << 20};
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		wasi_list_u8_t a, b;
		wasi_random_insecure_get_insecure_random_bytes(sizes[i], &a);
		wasi_random_insecure_get_insecure_random_bytes(sizes[i], &b);
		CHECK_EQ(a.len, sizes[i]);
		CHECK_EQ(b.len, sizes[i]);
		CHECK(sizes[i] < 8 || memcmp(a.ptr, b.ptr, a.len) != 0);
	}
	uint64_t numbers[] = {wasi_random_insecure_get_insecure_random_u64(), wasi_random_insecure_get_insecure_random_u64()};
	CHECK(numbers[0] != numbers[1]);
	CHECK_EQ(write_flush_bytes(wasi_cli_stdout_get_stdout(), numbers, sizeof numbers), OPEN);
}
