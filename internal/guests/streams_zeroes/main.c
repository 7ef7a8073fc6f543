// output-stream: write-zeroes and blocking-write-zeroes-and-flush.
#include "streams.h"

void test(void) {
	out_stream out = wasi_cli_stdout_get_stdout();
	uint64_t permit;
	CHECK_EQ(write_flush(out, "a"), OPEN);
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK(permit >= 5000);
	CHECK_EQ(zeroes_now(out, 5000), OPEN);
	CHECK_EQ(zeroes_now(out, 0), OPEN);
	CHECK_EQ(write_flush(out, "b"), OPEN);
	CHECK_EQ(zeroes_flush(out, 4096), OPEN);
	CHECK_EQ(zeroes_flush(out, 0), OPEN);
	CHECK_EQ(write_flush(out, "c"), OPEN);
}
