// A directory without mutate-directory: all that would change something, or open
// something that could, fails with read-only.
#include "files.h"

void test(void) {
	file ro = preopen("ro"), rw = preopen("/");
	CHECK_EQ(flags_of(ro), READ);
	file f = open(ro, "f", 0, READ), d = open(ro, "d", DIRECTORY, READ);
	CHECK_FILE(f, "content");
	CHECK_EQ(flags_of(d), READ);

	CHECK_EQ(open_code(ro, FOLLOW, "f", 0, WRITE), READ_ONLY);
	CHECK_EQ(open_code(ro, FOLLOW, "f", 0, READ | WRITE), READ_ONLY);
	CHECK_EQ(open_code(ro, FOLLOW, "f", TRUNCATE, READ), READ_ONLY);
	CHECK_EQ(open_code(ro, FOLLOW, "new", CREATE, READ), READ_ONLY);
	CHECK_EQ(open_code(ro, FOLLOW, "d", DIRECTORY, READ | MUTATE), READ_ONLY);
	CHECK_EQ(open_code(d, FOLLOW, "new", CREATE, WRITE), READ_ONLY);
	CHECK_EQ(open_code(ro, FOLLOW, "gone", 0, READ), NO_ENTRY);

	timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};
	CHECK_EQ(mkdir(ro, "new"), READ_ONLY);
	CHECK_EQ(rmdir(ro, "d"), READ_ONLY);
	CHECK_EQ(unlink(ro, "f"), READ_ONLY);
	CHECK_EQ(symlink(ro, "f", "new"), READ_ONLY);
	CHECK_EQ(rename(ro, "f", ro, "new"), READ_ONLY);
	CHECK_EQ(rename(ro, "f", rw, "new"), READ_ONLY);
	CHECK_EQ(link(ro, NO_FOLLOW, "f", ro, "new"), READ_ONLY);
	CHECK_EQ(set_times(ro, now, now), READ_ONLY);
	CHECK_EQ(set_times(f, now, now), READ_ONLY);
	CHECK_EQ(set_times_at(ro, FOLLOW, "f", now, now), READ_ONLY);

	touch(rw, "mine", "");
	CHECK_EQ(rename(rw, "mine", ro, "new"), READ_ONLY);
	CHECK_EQ(link(rw, NO_FOLLOW, "mine", ro, "new"), READ_ONLY);
	CHECK_EQ(type_at(ro, NO_FOLLOW, "new"), -2 - NO_ENTRY);
}
