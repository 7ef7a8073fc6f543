// A directory with limits: 64 KiB, 100 files, 5 levels. The argument says what of it is
// filled.
#include "files.h"

static file root;

// number makes a name of a number.
static const char *number(int n) {
	static char text[12];
	char *p = text + sizeof text;
	*--p = '\0';
	do {
		*--p = (char)('0' + n % 10);
	} while (n /= 10);
	return p;
}

static void bytes(void) {
	static char chunk[1025];
	memset(chunk, 'x', 1024);
	file f = open(root, "f", CREATE, READ | WRITE);
	uint64_t wrote, size = 0;
	int c;
	while ((c = pwrite(f, chunk, size, &wrote)) == OK) {
		CHECK(wrote == 1024);
		size += wrote;
		CHECK(size <= 64 << 10);
	}
	CHECK_EQ(size, 64 << 10);
	CHECK_EQ(c, FILE_TOO_LARGE); // larger than all that there may be
	CHECK_EQ(set_size(f, (uint64_t)1 << 40), FILE_TOO_LARGE);
	file g = open(root, "g", CREATE, READ | WRITE);
	CHECK_EQ(pwrite(g, "x", 0, &wrote), QUOTA);
	CHECK_EQ(set_size(g, 1), QUOTA);
	CHECK_EQ(size_of(g), 0);

	// By a stream.
	output out;
	CHECK_EQ(append_stream(g, &out), OK);
	wasi_list_u8_t part = {(uint8_t *)"x", 1};
	wasi_filesystem_types_error_code_t code;
	wasi_io_streams_stream_error_t failed;
	CHECK(!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(out), &part, &failed));
	CHECK(failed.tag == WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED);
	CHECK(wasi_filesystem_types_filesystem_error_code(wasi_io_error_borrow_error(failed.val.last_operation_failed), &code));
	CHECK_EQ(code, QUOTA);
	wasi_io_error_error_drop_own(failed.val.last_operation_failed);
	wasi_io_streams_output_stream_drop_own(out);

	// What is given up can be used.
	CHECK_EQ(set_size(f, 10), OK);
	CHECK_EQ(sync(f), OK);
	CHECK_EQ(pwrite(g, "x", 0, &wrote), OK);
	drop(f);
	drop(g);
}

static void files(void) {
	int made = 0, c = OK;
	while (made < 1000000) {
		c = made % 2 ? mkdir(root, number(made)) : open_code(root, FOLLOW, number(made), CREATE, WRITE);
		if (c != OK) {
			break;
		}
		made++;
	}
	CHECK_EQ(c, QUOTA);
	CHECK_EQ(made, 100);
	CHECK_EQ(mkdir(root, "more"), QUOTA);
	CHECK_EQ(rename(root, "0", root, "renamed"), OK);
	CHECK_EQ(rmdir(root, "1"), OK);
	CHECK_EQ(mkdir(root, "more"), OK);
	CHECK_EQ(mkdir(root, "most"), QUOTA);
}

static void depth(void) {
	file at = preopen("/data");
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(mkdir(at, "d"), OK);
		at = open(at, "d", DIRECTORY, READ);
	}
	CHECK_EQ(mkdir(at, "d"), NAME_TOO_LONG);
	CHECK_EQ(open_code(at, FOLLOW, "f", CREATE, WRITE), NAME_TOO_LONG);
	CHECK_EQ(mkdir(root, "d/d/d/d/d/d"), NAME_TOO_LONG);
}

void test(void) {
	root = preopen("/data");
	wasi_list_string_t args;
	wasi_cli_environment_get_arguments(&args);
	CHECK(args.len == 2);
	if (is(args.ptr[1], "bytes")) {
		bytes();
	} else if (is(args.ptr[1], "files")) {
		files();
	} else {
		depth();
	}
}
