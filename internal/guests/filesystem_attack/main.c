// What an attacker tries to read and make: error codes, whatever kind of directory it
// is. The directory holds "f" and may be changed.
#include "files.h"

static file root;

static void refused(const char *path, int code) {
	stat_t s;
	wasi_string_t target;
	CHECK_EQ(open_code(root, FOLLOW, path, 0, READ), code);
	CHECK_EQ(open_code(root, NO_FOLLOW, path, 0, READ), code);
	CHECK_EQ(stat_at(root, FOLLOW, path, &s), code);
	CHECK_EQ(readlink(root, path, &target), code);
	CHECK_EQ(unlink(root, path), code);
	CHECK_EQ(rename(root, path, root, "stolen"), code);
}

void test(void) {
	root = preopen("/data");

	// Out of the directory.
	static const char *const out[] = {
		"/proc/self/environ", "../proc/self/environ", "../../../../../../proc/self/environ", "./../../etc/passwd", "/etc/shadow",
		"..", "../", "../..", "/", "//", "/data/f", "../data/f",
	};
	for (size_t i = 0; i < LENGTH(out); i++) {
		refused(out[i], NOT_PERMITTED);
	}

	// What is a way out elsewhere is a name here, like any: there is no such file, and
	// if one is made it is in the directory.
	static const char *const names[] = {"%2e%2e", "%2e%2e%2fetc", "..\\secret", "..%5csecret", "...", "C:\\secret", "\\\\host\\share", "~", "$HOME"};
	for (size_t i = 0; i < LENGTH(names); i++) {
		refused(names[i], NO_ENTRY);
		touch(root, names[i], "mine");
		file f = open(root, names[i], 0, READ);
		CHECK_FILE(f, "mine");
		drop(f);
		CHECK_EQ(unlink(root, names[i]), OK);
	}
	refused("%2e%2e/etc/passwd", NO_ENTRY);
	refused("%2e%2e%2f/etc/passwd", NO_ENTRY);

	// Files of the host that are everywhere.
	static const char *const there[] = {"proc/self/environ", "proc/self/fd/0", "dev/null", "dev/zero", "dev/mem", "etc/passwd", "sys/kernel"};
	for (size_t i = 0; i < LENGTH(there); i++) {
		refused(there[i], NO_ENTRY);
	}

	// Paths and names that are too long.
	static char path[5000];
	memset(path, 'x', 256);
	refused(path, NAME_TOO_LONG);
	for (size_t i = 0; i + 1 < sizeof path; i++) {
		path[i] = i % 2 ? '/' : '.';
	}
	refused(path, NAME_TOO_LONG);
	refused("f/x", NOT_DIRECTORY);

	// The file that is there is as it was.
	file f = open(root, "f", 0, READ);
	CHECK_FILE(f, "content");
	drop(f);
}
