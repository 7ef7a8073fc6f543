// sync, sync-data and advise.
#include "files.h"

void test(void) {
	file root = preopen("/"), ro = preopen("ro");
	touch(root, "f", "content");
	file f = open(root, "f", 0, READ | WRITE), r = open(root, "f", 0, READ);
	put(f, "C", 0);
	CHECK_EQ(sync(f), OK);
	CHECK_EQ(sync_data(f), OK);
	CHECK_EQ(sync(r), OK);
	CHECK_EQ(sync_data(r), OK);
	CHECK_EQ(sync(root), OK);
	CHECK_EQ(sync_data(root), OK);
	CHECK_EQ(sync(ro), OK);
	CHECK_FILE(r, "Content");

	for (int a = WASI_FILESYSTEM_TYPES_ADVICE_NORMAL; a <= WASI_FILESYSTEM_TYPES_ADVICE_NO_REUSE; a++) {
		CHECK_EQ(advise(f, 0, 0, a), OK);
		CHECK_EQ(advise(r, 3, 1000, a), OK);
	}
	CHECK_EQ(advise(f, 0, INT64_MAX, WASI_FILESYSTEM_TYPES_ADVICE_NORMAL), OK);
	CHECK_EQ(advise(f, UINT64_MAX, 1, WASI_FILESYSTEM_TYPES_ADVICE_NORMAL), INVALID);
	CHECK_EQ(advise(f, 1, INT64_MAX, WASI_FILESYSTEM_TYPES_ADVICE_NORMAL), INVALID);
	CHECK_EQ(advise(root, 0, 0, WASI_FILESYSTEM_TYPES_ADVICE_NORMAL), BAD_DESCRIPTOR);
	CHECK_FILE(r, "Content");
}
