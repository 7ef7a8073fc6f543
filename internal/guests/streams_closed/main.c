// A stream whose other end is closed in good order: closed, without a failure.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	wasi_list_u8_t got;
	uint64_t n;
	CHECK_EQ(read_wait(in, 1, &got), CLOSED);
	CHECK_EQ(read_now(in, 0, &got), CLOSED);

	// Nobody reads standard output any more.
	out_stream out = wasi_cli_stdout_get_stdout();
	CHECK_EQ(write_flush(out, "x"), CLOSED);
	CHECK_EQ(check_write(out, &n), CLOSED);
	CHECK_EQ(write_bytes(out, NULL, 0), CLOSED);
	CHECK_EQ(flush_wait(out), CLOSED);
	pollable p = subscribe_out(out);
	CHECK(ready(p));
}
