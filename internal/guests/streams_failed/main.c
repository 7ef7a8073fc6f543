// Streams that fail: last-operation-failed with an error, once, and closed from
// then on. The host's standard input and output fail.
#include "streams.h"

static void check_failure(const char *text) {
	wasi_string_t said;
	wasi_io_error_method_error_to_debug_string(wasi_io_error_borrow_error(failure), &said);
	CHECK(is(said, text));
	wasi_io_error_error_drop_own(failure);
}

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	out_stream out = wasi_cli_stdout_get_stdout();
	wasi_list_u8_t got;
	uint64_t n;

	// Bytes that came before the failure are read first.
	CHECK_EQ(read_wait(in, 100, &got), OPEN);
	CHECK_BYTES(got, "before");
	CHECK_EQ(read_wait(in, 100, &got), FAILED);
	check_failure("the cable is cut");
	CHECK_EQ(read_now(in, 1, &got), CLOSED);
	CHECK_EQ(skip_wait(in, 1, &n), CLOSED);

	CHECK_EQ(write_flush(out, "x"), FAILED);
	check_failure("the disk is full");
	CHECK_EQ(check_write(out, &n), CLOSED);
	CHECK_EQ(write_text(out, "x"), CLOSED);
	CHECK_EQ(write_flush(out, "x"), CLOSED);
	CHECK_EQ(zeroes_now(out, 1), CLOSED);
	CHECK_EQ(zeroes_flush(out, 1), CLOSED);
	CHECK_EQ(flush_now(out), CLOSED);
	CHECK_EQ(flush_wait(out), CLOSED);
	CHECK_EQ(splice_now(out, in, 1, &n), CLOSED);
	CHECK_EQ(splice_wait(out, in, 1, &n), CLOSED);

	// What is closed is ready at once.
	pollable a = subscribe_in(in), b = subscribe_out(out);
	CHECK(ready(a));
	CHECK(ready(b));
	block(a);
	block(b);
}
