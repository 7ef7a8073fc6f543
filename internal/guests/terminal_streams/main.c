// terminal-stdin, -stdout, -stderr: a handle if the stream is a terminal. The
// argument has a letter for each that is.
#include "guest.h"

static bool has(char letter) {
	wasi_string_t letters = arg(1);
	for (size_t i = 0; i < letters.len; i++) {
		if (letters.ptr[i] == (uint8_t)letter) {
			return true;
		}
	}
	return false;
}

void test(void) {
	wasi_cli_terminal_stdin_own_terminal_input_t in;
	wasi_cli_terminal_stdout_own_terminal_output_t out;
	wasi_cli_terminal_stderr_own_terminal_output_t err;
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(wasi_cli_terminal_stdin_get_terminal_stdin(&in), has('i'));
		CHECK_EQ(wasi_cli_terminal_stdout_get_terminal_stdout(&out), has('o'));
		CHECK_EQ(wasi_cli_terminal_stderr_get_terminal_stderr(&err), has('e'));
		if (has('i')) {
			wasi_cli_terminal_input_terminal_input_drop_own(in);
		}
		if (has('o')) {
			wasi_cli_terminal_output_terminal_output_drop_own(out);
		}
		if (has('e')) {
			wasi_cli_terminal_output_terminal_output_drop_own(err);
		}
	}
}
