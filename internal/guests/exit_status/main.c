// exit: ends the guest with ok or an error, at once, whatever else there is.
#include "streams.h"

void test(void) {
	CHECK_EQ(write_text(wasi_cli_stderr_get_stderr(), ""), OPEN);
	out_stream out = wasi_cli_stdout_get_stdout();
	CHECK_EQ(write_flush(out, "before"), OPEN);
	wasi_cli_exit_result_void_void_t status = {.is_err = is(arg(1), "err")};
	wasi_cli_exit_exit(&status);
	(void)write_flush(out, "after");
}
