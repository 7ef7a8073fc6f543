// filesystem-error-code: what a stream of a file failed with, and none for the
// error of another stream.
#include "files.h"
#include "streams.h"

// code_of returns the error code of the failure, or OK if it has none.
static int code_of(void) {
	code c;
	bool has = wasi_filesystem_types_filesystem_error_code(wasi_io_error_borrow_error(failure), &c);
	return has ? (int)c : OK;
}

void test(void) {
	// The host allows files of 1 MiB.
	file root = preopen("/");
	file f = open(root, "f", CREATE, READ | WRITE);
	output out;
	uint64_t permit;
	CHECK_EQ(write_stream(f, 1 << 20, &out), OK);
	CHECK_EQ(check_write(out, &permit), OPEN);
	CHECK_EQ(write_text(out, "x"), FAILED);
	CHECK_EQ(code_of(), FILE_TOO_LARGE);
	CHECK_EQ(code_of(), FILE_TOO_LARGE);
	wasi_string_t text;
	wasi_io_error_method_error_to_debug_string(wasi_io_error_borrow_error(failure), &text);
	CHECK(text.len > 0);
	wasi_io_error_error_drop_own(failure);

	// The guest is told once, and then that the stream is closed.
	CHECK_EQ(check_write(out, &permit), CLOSED);
	CHECK_EQ(write_text(out, "x"), CLOSED);
	drop_out(out);
	CHECK_EQ(size_of(f), 0);

	CHECK_EQ(set_size(f, 1 << 20), OK);
	CHECK_EQ(append_stream(f, &out), OK);
	CHECK_EQ(write_flush(out, "x"), FAILED);
	CHECK_EQ(code_of(), FILE_TOO_LARGE);

	// Standard output fails here, and is no file.
	out = wasi_cli_stdout_get_stdout();
	int c = write_flush(out, "x");
	CHECK_EQ(c, FAILED);
	CHECK_EQ(code_of(), OK);
}
