// random: as many bytes as asked for, other ones each time, on standard output
// two numbers that the host compares with those of another run.
#include "streams.h"

void test(void) {
	const uint64_t sizes[] = {0, 1, 7, 8, 9, 1000, 65536, 1 << 20};
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		wasi_list_u8_t a, b;
		wasi_random_random_get_random_bytes(sizes[i], &a);
		wasi_random_random_get_random_bytes(sizes[i], &b);
		CHECK_EQ(a.len, sizes[i]);
		CHECK_EQ(b.len, sizes[i]);
		if (sizes[i] < 8) {
			continue;
		}
		CHECK(memcmp(a.ptr, b.ptr, a.len) != 0);
		CHECK(memcmp(a.ptr, a.ptr + a.len - a.len / 2, a.len / 2) != 0);
		size_t zeroes = 0;
		for (size_t at = 0; at < a.len; at++) {
			zeroes += a.ptr[at] == 0;
		}
		CHECK(zeroes < a.len / 2);
	}
	uint64_t numbers[] = {wasi_random_random_get_random_u64(), wasi_random_random_get_random_u64()};
	CHECK(numbers[0] != numbers[1]);
	CHECK_EQ(write_flush_bytes(wasi_cli_stdout_get_stdout(), numbers, sizeof numbers), OPEN);
}
