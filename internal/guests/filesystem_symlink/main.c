// symlink-at and readlink-at.
#include "files.h"

void test(void) {
	file root = preopen("/");
	CHECK_EQ(mkdir(root, "d"), OK);
	touch(root, "d/f", "content");
	wasi_string_t target;

	CHECK_EQ(symlink(root, "d/f", "link"), OK);
	CHECK_EQ(readlink(root, "link", &target), OK);
	CHECK_STR(target, "d/f");
	file f = open(root, "link", 0, READ);
	CHECK_FILE(f, "content");

	// A target is relative to where the link is.
	CHECK_EQ(symlink(root, "f", "d/link"), OK);
	CHECK_EQ(type_at(root, FOLLOW, "d/link"), TYPE_REGULAR_FILE);
	CHECK_EQ(symlink(root, "../d/f", "d/up"), OK);
	CHECK_EQ(type_at(root, FOLLOW, "d/up"), TYPE_REGULAR_FILE);
	CHECK_EQ(symlink(root, "d", "dir"), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "dir/f"), TYPE_REGULAR_FILE);
	CHECK_EQ(type_at(root, FOLLOW, "dir"), TYPE_DIRECTORY);

	// It need not exist.
	CHECK_EQ(symlink(root, "nothing", "dangling"), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "dangling"), TYPE_SYMBOLIC_LINK);
	CHECK_EQ(type_at(root, FOLLOW, "dangling"), -2 - NO_ENTRY);

	CHECK_EQ(symlink(root, "x", "link"), EXIST);
	CHECK_EQ(symlink(root, "x", "d"), EXIST);
	CHECK_EQ(symlink(root, "x", "gone/x"), NO_ENTRY);
	CHECK_EQ(symlink(root, "/d/f", "absolute"), NOT_PERMITTED);
	CHECK_EQ(symlink(root, "", "empty"), NO_ENTRY);

	CHECK_EQ(readlink(root, "gone", &target), NO_ENTRY);
	CHECK_EQ(readlink(root, "d/f", &target), INVALID);
	CHECK_EQ(readlink(root, "d", &target), INVALID);

	// Unlinking removes the link alone.
	CHECK_EQ(unlink(root, "link"), OK);
	CHECK_EQ(type_at(root, FOLLOW, "d/f"), TYPE_REGULAR_FILE);
	CHECK_EQ(unlink(root, "dir"), OK);
	CHECK_EQ(rmdir(root, "dangling"), NOT_DIRECTORY);
}
