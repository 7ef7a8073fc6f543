// A file that is opened and then fails: the host has room for five bytes of it, no
// quota to append to it, and cannot read or sync it.
#include "files.h"
#include "streams.h"

// code_of returns the error code of the stream that failed.
static int code_of(void) {
	code c;
	CHECK(wasi_filesystem_types_filesystem_error_code(wasi_io_error_borrow_error(failure), &c));
	wasi_io_error_error_drop_own(failure);
	return c;
}

void test(void) {
	file root = preopen("/"), f = open(root, "broken", 0, READ | WRITE);
	timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};
	chunk c;
	uint64_t n;
	input in;
	output out;
	wasi_list_u8_t got;

	CHECK_EQ(pread(f, 10, 0, &c), IO);
	CHECK_EQ(sync(f), IO);
	CHECK_EQ(sync_data(f), IO);
	CHECK_EQ(set_size(f, 10), INSUFFICIENT_SPACE);
	CHECK_EQ(set_times(f, now, now), NOT_PERMITTED);

	// What was written before the failure is counted; then there is the failure.
	CHECK_EQ(pwrite(f, "0123456", 0, &n), OK);
	CHECK_EQ(n, 5);
	CHECK_EQ(pwrite(f, "56", 5, &n), INSUFFICIENT_SPACE);

	CHECK_EQ(read_stream(f, 0, &in), OK);
	CHECK_EQ(read_wait(in, 10, &got), FAILED);
	CHECK_EQ(code_of(), IO);
	CHECK_EQ(read_wait(in, 10, &got), CLOSED);

	CHECK_EQ(write_stream(f, 0, &out), OK);
	CHECK_EQ(write_flush(out, "01234"), OPEN);
	CHECK_EQ(write_flush(out, "5"), FAILED);
	CHECK_EQ(code_of(), INSUFFICIENT_SPACE);
	CHECK_EQ(write_flush(out, "5"), CLOSED);

	CHECK_EQ(append_stream(f, &out), OK);
	CHECK_EQ(zeroes_flush(out, 1), FAILED);
	CHECK_EQ(code_of(), QUOTA);
	CHECK_EQ(flush_wait(out), CLOSED);

	// A directory that cannot be read.
	entries e;
	wasi_filesystem_types_option_directory_entry_t entry;
	CHECK_EQ(read_directory(root, &e), OK);
	CHECK_EQ(next_entry(e, &entry), IO);
}
