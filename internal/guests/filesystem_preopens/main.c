// Preopens: the directories that the host names, and what they allow.
#include "files.h"

void test(void) {
	wasi_filesystem_preopens_list_tuple2_own_descriptor_string_t dirs, again;
	wasi_filesystem_preopens_get_directories(&dirs);
	CHECK_EQ(dirs.len, 2);
	CHECK_STR(dirs.ptr[0].f1, "/");
	CHECK_STR(dirs.ptr[1].f1, "ro");
	CHECK_EQ(flags_of(dirs.ptr[0].f0), READ | MUTATE);
	CHECK_EQ(flags_of(dirs.ptr[1].f0), READ);
	for (size_t i = 0; i < dirs.len; i++) {
		CHECK_EQ(type_of(dirs.ptr[i].f0), TYPE_DIRECTORY);
	}
	CHECK(!same(dirs.ptr[0].f0, dirs.ptr[1].f0));

	// A second call gives new handles to the same directories.
	wasi_filesystem_preopens_get_directories(&again);
	CHECK_EQ(again.len, 2);
	CHECK(same(dirs.ptr[0].f0, again.ptr[0].f0));
	drop(dirs.ptr[0].f0);
	CHECK_EQ(mkdir(again.ptr[0].f0, "made"), OK);
}
