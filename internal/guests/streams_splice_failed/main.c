// output-stream: splice and blocking-splice report the failure of the side that
// fails. The argument says which.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	out_stream out = wasi_cli_stdout_get_stdout();
	wasi_list_u8_t got;
	uint64_t n;
	if (is(arg(1), "input")) {
		CHECK_EQ(splice_wait(out, in, 100, &n), OPEN);
		CHECK_EQ(n, strlen("before"));
		CHECK_EQ(splice_wait(out, in, 100, &n), FAILED);
		CHECK_EQ(splice_wait(out, in, 100, &n), CLOSED);
		CHECK_EQ(write_flush(out, ", after"), OPEN);
		return;
	}
	// Nothing is read for an output that does not take it.
	CHECK_EQ(write_flush(out, "x"), FAILED);
	CHECK_EQ(splice_now(out, in, 100, &n), CLOSED);
	CHECK_EQ(splice_wait(out, in, 100, &n), CLOSED);
	CHECK_EQ(read_wait(in, 100, &got), OPEN);
	CHECK_BYTES(got, "before");
}
