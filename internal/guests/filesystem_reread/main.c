// Opens and reads a file of 4 KiB again and again, as often as the argument says.
#include "files.h"

void test(void) {
	wasi_list_string_t args;
	wasi_cli_environment_get_arguments(&args);
	CHECK_EQ(args.len, 2);
	int times = 0;
	for (size_t i = 0; i < args.ptr[1].len; i++) {
		times = times * 10 + args.ptr[1].ptr[i] - '0';
	}
	file root = preopen("/data");
	while (times-- > 0) {
		file f = open(root, "dir/file", 0, READ);
		chunk all;
		CHECK_EQ(pread(f, 4096, 0, &all), OK);
		CHECK_EQ(all.bytes.len, 4096);
		CHECK(all.bytes.ptr[4095] == 'x');
		wasi_list_u8_free(&all.bytes);
		drop(f);
	}
}
