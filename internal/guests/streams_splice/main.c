// output-stream: splice and blocking-splice, from standard input to output.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	out_stream out = wasi_cli_stdout_get_stdout();
	uint64_t n, total = 0;

	CHECK_EQ(splice_now(out, in, 0, &n), OPEN);
	CHECK_EQ(n, 0);
	CHECK_EQ(splice_wait(out, in, 5, &n), OPEN);
	CHECK(n >= 1 && n <= 5);
	total += n;

	// Splice does not wait, and moves no more than it is told.
	pollable p = subscribe_in(in);
	block(p);
	CHECK_EQ(flush_wait(out), OPEN);
	CHECK_EQ(splice_now(out, in, 1, &n), OPEN);
	CHECK_EQ(n, 1);
	total += n;
	drop_pollable(p);

	int c;
	while ((c = splice_wait(out, in, UINT64_MAX, &n)) == OPEN) {
		CHECK(n > 0);
		total += n;
	}
	CHECK_EQ(c, CLOSED);
	CHECK_EQ(total, 200000);

	// The input is at its end, the output is not.
	CHECK_EQ(splice_now(out, in, 1, &n), CLOSED);
	CHECK_EQ(write_flush(out, "."), OPEN);
}
