// output-stream: while the host takes nothing of standard output, a flush does
// not end, and there is a bound to what is permitted. "go" on standard error lets
// it take everything.
#include "streams.h"

void test(void) {
	out_stream out = wasi_cli_stdout_get_stdout();
	pollable p = subscribe_out(out);
	uint64_t permit, total = 0;

	// Full: nothing is permitted, and the pollable is not ready.
	CHECK(ready(p));
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK(permit > 0);
	while (permit > 0) {
		CHECK_EQ(zeroes_now(out, permit), OPEN);
		total += permit;
		CHECK(total < 1 << 24);
		CHECK_EQ(check_write(out, &permit), OPEN);
	}
	CHECK(!ready(p));
	CHECK_EQ(write_text(out, ""), OPEN);

	// The same after a flush, which does not block.
	CHECK_EQ(flush_now(out), OPEN);
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK_EQ(permit, 0);
	CHECK(!ready(p));

	// When it has ended, writing goes on.
	CHECK_EQ(write_flush(wasi_cli_stderr_get_stderr(), "go"), OPEN);
	block(p);
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK(permit > 0);
	CHECK_EQ(write_flush(out, "end"), OPEN);
}
