// output-stream: check-write, write and flush, as the text of blocking-write-
// and-flush spells them out. What is written is 300000 bytes in a pattern.
#include "streams.h"

static char part[1 << 16];

void test(void) {
	out_stream out = wasi_cli_stdout_get_stdout();
	pollable p = subscribe_out(out);
	uint64_t permit, at = 0;
	const uint64_t all = 300000;
	while (at < all) {
		block(p);
		CHECK_EQ(check_write(out, &permit), OPEN);
		CHECK(permit > 0);
		uint64_t n = permit < sizeof part ? permit : sizeof part;
		n = n < all - at ? n : all - at;
		for (uint64_t i = 0; i < n; i++) {
			part[i] = (char)('a' + (at + i) % 26);
		}

		// A permit can be used up in several writes.
		CHECK_EQ(write_bytes(out, part, n / 2), OPEN);
		CHECK_EQ(write_bytes(out, part + n / 2, n - n / 2), OPEN);
		CHECK_EQ(write_bytes(out, part, 0), OPEN);
		at += n;
	}

	// While a flush is under way nothing is permitted. When the pollable is ready,
	// it has ended.
	CHECK_EQ(flush_now(out), OPEN);
	block(p);
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK(permit > 0);
	CHECK_EQ(flush_wait(out), OPEN);
	CHECK(ready(p));

	CHECK_EQ(write_flush(out, ""), OPEN);
	CHECK_EQ(write_flush_bytes(out, part, 4096), OPEN);
	drop_pollable(p);
	drop_out(out);
}
