// Symbolic links that lead to each other.
#include "files.h"

void test(void) {
	file root = preopen("/");
	CHECK_EQ(symlink(root, "b", "a"), OK);
	CHECK_EQ(symlink(root, "a", "b"), OK);
	CHECK_EQ(symlink(root, "self", "self"), OK);
	stat_t s;
	hash h;
	timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};
	const char *names[] = {"a", "self"};
	for (size_t i = 0; i < LENGTH(names); i++) {
		CHECK_EQ(open_code(root, FOLLOW, names[i], 0, READ), LOOP);
		CHECK_EQ(open_code(root, FOLLOW, names[i], CREATE, WRITE), LOOP);
		CHECK_EQ(stat_at(root, FOLLOW, names[i], &s), LOOP);
		CHECK_EQ(hash_at(root, FOLLOW, names[i], &h), LOOP);
		CHECK_EQ(set_times_at(root, FOLLOW, names[i], now, now), LOOP);
		CHECK_EQ(stat_at(root, NO_FOLLOW, names[i], &s), OK);
	}
	CHECK_EQ(mkdir(root, "a/x"), LOOP);
	CHECK_EQ(unlink(root, "self/x"), LOOP);
	CHECK_EQ(rename(root, "a/x", root, "y"), LOOP);
	CHECK_EQ(open_code(root, NO_FOLLOW, "a", 0, READ), LOOP);
}
