// input-stream: skip and blocking-skip.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	wasi_list_u8_t got;
	uint64_t n;
	CHECK_EQ(skip_now(in, 0, &n), OPEN);
	CHECK_EQ(n, 0);
	CHECK_EQ(skip_wait(in, 1, &n), OPEN);
	CHECK_EQ(n, 1);
	pollable p = subscribe_in(in);
	block(p);
	CHECK_EQ(skip_now(in, 1, &n), OPEN);
	CHECK_EQ(n, 1);
	CHECK_EQ(read_wait(in, 1, &got), OPEN);
	CHECK_BYTES(got, "c");

	uint64_t total = 3;
	int c;
	while ((c = skip_wait(in, UINT64_MAX, &n)) == OPEN) {
		CHECK(n > 0);
		total += n;
	}
	CHECK_EQ(c, CLOSED);
	CHECK_EQ(total, 150000);
	CHECK_EQ(skip_now(in, 1, &n), CLOSED);
	CHECK_EQ(skip_now(in, 0, &n), CLOSED);
}
