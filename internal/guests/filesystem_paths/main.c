// Paths that are not well formed, too long, or lead through what is no directory.
#include "files.h"

// long_path makes a path of n bytes, with a slash every 100.
static const char *long_path(size_t n, bool slashes) {
	char *p = malloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		p[i] = slashes && i % 100 == 99 ? '/' : 'x';
	}
	p[n] = '\0';
	return p;
}

// all checks that every function that takes a path says the same of one.
static void all(file root, const char *path, int want) {
	stat_t s;
	hash h;
	wasi_string_t target;
	timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};
	CHECK_EQ(open_code(root, FOLLOW, path, 0, READ), want);
	CHECK_EQ(stat_at(root, FOLLOW, path, &s), want);
	CHECK_EQ(stat_at(root, NO_FOLLOW, path, &s), want);
	CHECK_EQ(hash_at(root, FOLLOW, path, &h), want);
	CHECK_EQ(set_times_at(root, FOLLOW, path, now, now), want);
	CHECK_EQ(readlink(root, path, &target), want);
	CHECK_EQ(rmdir(root, path), want);
	CHECK_EQ(unlink(root, path), want);
	CHECK_EQ(rename(root, path, root, "to"), want);
	CHECK_EQ(link(root, NO_FOLLOW, path, root, "to"), want);
}

// made checks the same of those that make something.
static void made(file root, const char *path, int want) {
	CHECK_EQ(open_code(root, FOLLOW, path, CREATE, WRITE), want);
	CHECK_EQ(mkdir(root, path), want);
	CHECK_EQ(symlink(root, "f", path), want);
	CHECK_EQ(rename(root, "f", root, path), want);
	CHECK_EQ(link(root, NO_FOLLOW, "f", root, path), want);
}

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	CHECK_EQ(mkdir(root, "d"), OK);

	all(root, "", NO_ENTRY);
	made(root, "", NO_ENTRY);
	all(root, "gone", NO_ENTRY);
	all(root, "gone/x", NO_ENTRY);
	made(root, "gone/x", NO_ENTRY);
	all(root, "f/x", NOT_DIRECTORY);
	made(root, "f/x", NOT_DIRECTORY);

	const char *name = long_path(300, false), *path = long_path(10000, true);
	all(root, name, NAME_TOO_LONG);
	made(root, name, NAME_TOO_LONG);
	all(root, path, NAME_TOO_LONG);
	made(root, path, NAME_TOO_LONG);
	CHECK_EQ(symlink(root, path, "to"), NAME_TOO_LONG);

	// A NUL in a path is a character that no file has.
	wasi_string_t nul = {(uint8_t *)"f\0x", 3};
	file opened;
	code err;
	CHECK(!METHOD(open_at)(lend(root), FOLLOW, &nul, 0, READ, &opened, &err));
	CHECK_EQ(err, INVALID);

	// "." and empty steps stand for nothing.
	CHECK_EQ(type_at(root, FOLLOW, "./d/..//./f"), TYPE_REGULAR_FILE);
	CHECK_EQ(mkdir(root, "d/"), EXIST);
	CHECK_EQ(mkdir(root, "d/./e"), OK);
	CHECK_EQ(type_at(root, FOLLOW, "d/e/"), TYPE_DIRECTORY);
	CHECK_EQ(type_at(root, FOLLOW, "f/"), -2 - NOT_DIRECTORY);

	// Letters outside of ASCII.
	touch(root, "größe €😀", "unicode");
	file f = open(root, "größe €😀", 0, READ);
	CHECK_FILE(f, "unicode");
}
