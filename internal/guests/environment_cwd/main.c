// environment: the initial working directory, if the host names one.
#include "guest.h"

void test(void) {
	wasi_string_t cwd;
	bool has = wasi_cli_environment_initial_cwd(&cwd);
	if (is(arg(1), "none")) {
		CHECK(!has);
		return;
	}
	CHECK(has);
	CHECK_STR(cwd, "/data/here");
}
