// environment: arguments, the same at each call.
#include "guest.h"

void test(void) {
	for (int i = 0; i < 2; i++) {
		wasi_list_string_t args;
		wasi_cli_environment_get_arguments(&args);
		CHECK_EQ(args.len, 5);
		CHECK_STR(args.ptr[0], "environment_arguments");
		CHECK_STR(args.ptr[1], "one");
		CHECK_STR(args.ptr[2], "");
		CHECK_STR(args.ptr[3], "größe €😀 \"and\" spaces");
		CHECK_EQ(args.ptr[4].len, 100000);
	}
}
