// environment: variables, the same at each call; none if the host gives none.
#include "guest.h"

void test(void) {
	for (int i = 0; i < 2; i++) {
		wasi_list_tuple2_string_string_t env;
		wasi_cli_environment_get_environment(&env);
		if (is(arg(1), "none")) {
			CHECK_EQ(env.len, 0);
			continue;
		}
		CHECK_EQ(env.len, 4);
		CHECK_STR(env.ptr[0].f0, "HOME");
		CHECK_STR(env.ptr[0].f1, "/home/größe");
		CHECK_STR(env.ptr[1].f0, "EMPTY");
		CHECK_STR(env.ptr[1].f1, "");
		CHECK_STR(env.ptr[2].f0, "EQUATION");
		CHECK_STR(env.ptr[2].f1, "a=b=c");
		CHECK_STR(env.ptr[3].f0, "NAME");
		CHECK_STR(env.ptr[3].f1, "");
	}
}
