// A guest that waits for what never happens is ended when the host cancels it,
// which "go" on standard error has it do.
#include "streams.h"

void test(void) {
	pollable never = subscribe_in(wasi_cli_stdin_get_stdin());
	out_stream err = wasi_cli_stderr_get_stderr();
	CHECK_EQ(write_text(err, ""), OPEN);
	(void)write_flush(err, "go");
	block(never);
	FAIL("standard input is ready");
}
