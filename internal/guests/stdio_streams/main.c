// stdin, stdout, stderr: copies lines, in the order of its arguments; streams of
// one name share a position.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	out_stream out = wasi_cli_stdout_get_stdout(), out2 = wasi_cli_stdout_get_stdout(), err = wasi_cli_stderr_get_stderr();
	wasi_list_u8_t got;
	CHECK_EQ(read_wait(in, 1, &got), OPEN);
	CHECK_EQ(write_flush_bytes(out, got.ptr, got.len), OPEN);
	in_stream in2 = wasi_cli_stdin_get_stdin();
	CHECK_EQ(read_wait(in2, 1, &got), OPEN);
	CHECK_EQ(write_flush_bytes(out2, got.ptr, got.len), OPEN);
	drop_in(in2);
	drop_out(out2);
	got = read_all(in);
	CHECK_EQ(write_flush_bytes(out, got.ptr, got.len), OPEN);
	CHECK_EQ(write_flush(err, "to stderr"), OPEN);

	// A guest that ends without flushing loses nothing that was written.
	uint64_t permit;
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK_EQ(write_text(out, ", to stdout"), OPEN);
}
