// Calls that trap, one for each argument.
#include "streams.h"

static char part[8192];

void test(void) {
	out_stream out = wasi_cli_stdout_get_stdout();
	wasi_string_t what = arg(1);
	uint64_t permit;
	if (is(what, "write without a check")) {
		(void)write_text(out, "x");
	} else if (is(what, "write more than permitted")) {
		CHECK_EQ(check_write(out, &permit), OPEN);
		(void)write_bytes(out, malloc(permit + 1), permit + 1);
	} else if (is(what, "write a permit twice")) {
		CHECK_EQ(check_write(out, &permit), OPEN);
		CHECK_EQ(zeroes_now(out, permit), OPEN);
		(void)write_text(out, "x");
	} else if (is(what, "write after a flush")) {
		CHECK_EQ(check_write(out, &permit), OPEN);
		CHECK_EQ(flush_now(out), OPEN);
		(void)write_text(out, "x");
	} else if (is(what, "more zeroes than permitted")) {
		CHECK_EQ(check_write(out, &permit), OPEN);
		(void)zeroes_now(out, permit + 1);
	} else if (is(what, "all zeroes there are")) {
		(void)zeroes_now(out, UINT64_MAX);
	} else if (is(what, "blocking write of 4097 bytes")) {
		(void)write_flush_bytes(out, part, 4097);
	} else if (is(what, "blocking write of 4097 zeroes")) {
		(void)zeroes_flush(out, 4097);
	} else if (is(what, "stream that was dropped")) {
		drop_out(out);
		(void)flush_now(out);
	} else if (is(what, "stream dropped twice")) {
		drop_out(out);
		drop_out(out);
	} else if (is(what, "input as output")) {
		in_stream in = wasi_cli_stdin_get_stdin();
		(void)flush_now((out_stream){in.__handle});
	} else {
		FAIL("no such case");
	}
}
