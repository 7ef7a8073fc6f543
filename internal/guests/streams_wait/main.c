// input-stream: as long as there is nothing to read, calls return nothing or
// wait. "go" on standard error has the host write a line to standard input, and in the end close it.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	out_stream out = wasi_cli_stdout_get_stdout(), err = wasi_cli_stderr_get_stderr();
	wasi_list_u8_t got;
	uint64_t n = 1;
	pollable p = subscribe_in(in);
	CHECK(!ready(p));
	CHECK_EQ(read_now(in, 100, &got), OPEN);
	CHECK_EQ(got.len, 0);
	CHECK_EQ(skip_now(in, 100, &n), OPEN);
	CHECK_EQ(n, 0);
	n = 1;
	CHECK_EQ(splice_now(out, in, 100, &n), OPEN);
	CHECK_EQ(n, 0);
	CHECK(!ready(p));

	CHECK_EQ(write_flush(err, "go"), OPEN);
	CHECK_EQ(read_wait(in, 100, &got), OPEN);
	CHECK_BYTES(got, "one\n");
	CHECK(!ready(p));
	CHECK_EQ(write_flush(err, "go"), OPEN);
	CHECK_EQ(skip_wait(in, 100, &n), OPEN);
	CHECK_EQ(n, strlen("two\n"));
	CHECK_EQ(write_flush(err, "go"), OPEN);
	CHECK_EQ(splice_wait(out, in, 100, &n), OPEN);
	CHECK_EQ(n, strlen("three\n"));
	CHECK_EQ(write_flush(err, "go"), OPEN);
	block(p);
	CHECK(ready(p));
	CHECK_EQ(read_now(in, 100, &got), CLOSED);
}
