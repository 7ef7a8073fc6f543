// Paths that leave their directory: not-permitted, whatever the function and
// whether or not there is something outside.
#include "files.h"

static file root, sub;

// refused checks that nothing works through a path that names the file outside
// by following links as well.
static void refused(file dir, const char *path) {
	stat_t s;
	hash h;
	timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};
	CHECK_EQ(open_code(dir, FOLLOW, path, 0, READ), NOT_PERMITTED);
	CHECK_EQ(open_code(dir, FOLLOW, path, CREATE, WRITE), NOT_PERMITTED);
	CHECK_EQ(open_code(dir, FOLLOW, path, TRUNCATE, WRITE), NOT_PERMITTED);
	CHECK_EQ(stat_at(dir, FOLLOW, path, &s), NOT_PERMITTED);
	CHECK_EQ(hash_at(dir, FOLLOW, path, &h), NOT_PERMITTED);
	CHECK_EQ(set_times_at(dir, FOLLOW, path, now, now), NOT_PERMITTED);
	CHECK_EQ(link(dir, FOLLOW, path, root, "x"), NOT_PERMITTED);
}

// unreachable checks in addition that the path itself cannot be reached.
static void unreachable_path(file dir, const char *path) {
	stat_t s;
	hash h;
	wasi_string_t target;
	refused(dir, path);
	CHECK_EQ(open_code(dir, NO_FOLLOW, path, 0, READ), NOT_PERMITTED);
	CHECK_EQ(open_code(dir, NO_FOLLOW, path, CREATE | EXCLUSIVE, WRITE), NOT_PERMITTED);
	CHECK_EQ(open_code(dir, NO_FOLLOW, path, DIRECTORY, READ), NOT_PERMITTED);
	CHECK_EQ(stat_at(dir, NO_FOLLOW, path, &s), NOT_PERMITTED);
	CHECK_EQ(hash_at(dir, NO_FOLLOW, path, &h), NOT_PERMITTED);
	CHECK_EQ(readlink(dir, path, &target), NOT_PERMITTED);
	CHECK_EQ(mkdir(dir, path), NOT_PERMITTED);
	CHECK_EQ(rmdir(dir, path), NOT_PERMITTED);
	CHECK_EQ(unlink(dir, path), NOT_PERMITTED);
	CHECK_EQ(symlink(dir, "f", path), NOT_PERMITTED);
	CHECK_EQ(rename(dir, path, root, "x"), NOT_PERMITTED);
	CHECK_EQ(rename(root, "f", dir, path), NOT_PERMITTED);
	CHECK_EQ(link(dir, NO_FOLLOW, path, root, "x"), NOT_PERMITTED);
	CHECK_EQ(link(root, NO_FOLLOW, "f", dir, path), NOT_PERMITTED);
}

void test(void) {
	root = preopen("/");
	touch(root, "f", "");
	sub = open(root, "sub", DIRECTORY, READ);

	// By "..", from the preopen and from a directory in it, and through one that
	// is there. Where it stays inside, it is a path like others.
	unreachable_path(root, "../secret");
	unreachable_path(root, "sub/../../secret");
	unreachable_path(sub, "../f");
	unreachable_path(sub, "../nothing");
	CHECK_EQ(open_code(root, FOLLOW, "sub/../f", 0, READ), OK);
	CHECK_EQ(open_code(root, FOLLOW, "..", 0, READ), NOT_PERMITTED);
	CHECK_EQ(open_code(root, FOLLOW, "sub/../..", DIRECTORY, READ), NOT_PERMITTED);

	// Absolute.
	unreachable_path(root, "/secret");
	unreachable_path(root, "/");
	unreachable_path(root, "/f");

	// Through symbolic links that the host put there: out is "../secret", root is
	// "/", up is "..", abs is "/f".
	refused(root, "out");
	refused(root, "abs");
	unreachable_path(root, "up/secret");
	unreachable_path(root, "abs-dir/f");
	refused(sub, "chain");

	// The links themselves are in the directory. A target that is absolute is not
	// told.
	wasi_string_t target;
	CHECK_EQ(type_at(root, NO_FOLLOW, "out"), TYPE_SYMBOLIC_LINK);
	CHECK_EQ(readlink(root, "out", &target), OK);
	CHECK_STR(target, "../secret");
	CHECK_EQ(readlink(root, "abs", &target), NOT_PERMITTED);
	CHECK_EQ(open_code(root, NO_FOLLOW, "out", 0, READ), LOOP);

	// And cannot be made.
	CHECK_EQ(symlink(root, "/f", "made"), NOT_PERMITTED);
	CHECK_EQ(type_at(root, NO_FOLLOW, "made"), -2 - NO_ENTRY);

	// Removing and renaming a link does not follow it.
	CHECK_EQ(rename(root, "out", root, "out2"), OK);
	CHECK_EQ(unlink(root, "out2"), OK);
	CHECK_EQ(unlink(root, "abs"), OK);
}
