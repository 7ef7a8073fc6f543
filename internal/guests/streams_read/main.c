// input-stream: read and blocking-read, of standard input that comes in parts.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	wasi_list_u8_t got;

	// Nothing is asked for.
	CHECK_EQ(read_now(in, 0, &got), OPEN);
	CHECK_EQ(got.len, 0);
	CHECK_EQ(read_wait(in, 0, &got), OPEN);
	CHECK_EQ(got.len, 0);

	// At least a byte, and no more than asked for.
	CHECK_EQ(read_wait(in, 1, &got), OPEN);
	CHECK_BYTES(got, "h");
	size_t left = strlen("ello world");
	while (left > 0) {
		size_t most = left < 3 ? left : 3;
		CHECK_EQ(read_wait(in, most, &got), OPEN);
		CHECK(got.len >= 1 && got.len <= most);
		left -= got.len;
	}

	// A length that no list can have gives what is there. Read does not wait: it
	// may return nothing, until the pollable is ready.
	uint64_t total = 0;
	pollable p = subscribe_in(in);
	for (;;) {
		int c = read_now(in, UINT64_MAX, &got);
		if (c == CLOSED) {
			break;
		}
		CHECK_EQ(c, OPEN);
		total += got.len;
		if (got.len == 0) {
			block(p);
			CHECK(ready(p));
		}
	}
	CHECK_EQ(total, 200000);

	// The end is an end for all.
	CHECK(ready(p));
	CHECK_EQ(read_now(in, 1, &got), CLOSED);
	CHECK_EQ(read_now(in, 0, &got), CLOSED);
	CHECK_EQ(read_wait(in, 1, &got), CLOSED);
	CHECK_EQ(read_wait(in, 0, &got), CLOSED);
	drop_pollable(p);
	drop_in(in);
}
