// Permissions of the host: a file and a directory that nobody may read, and a
// directory that nobody may write to.
#include "files.h"

void test(void) {
	file root = preopen("/");
	stat_t s;
	CHECK_EQ(open_code(root, FOLLOW, "closed", 0, READ), ACCESS);
	CHECK_EQ(open_code(root, FOLLOW, "closed", 0, WRITE), ACCESS);
	CHECK_EQ(stat_at(root, FOLLOW, "closed", &s), OK);
	CHECK_EQ(stat_at(root, FOLLOW, "sealed/f", &s), ACCESS);
	CHECK_EQ(open_code(root, FOLLOW, "sealed/f", 0, READ), ACCESS);
	CHECK_EQ(open_code(root, FOLLOW, "fixed/new", CREATE, WRITE), ACCESS);
	CHECK_EQ(mkdir(root, "fixed/new"), ACCESS);
	CHECK_EQ(unlink(root, "fixed/f"), ACCESS);
	CHECK_EQ(rename(root, "fixed/f", root, "f"), ACCESS);
	CHECK_EQ(symlink(root, "f", "fixed/new"), ACCESS);
	CHECK_EQ(link(root, NO_FOLLOW, "fixed/f", root, "fixed/g"), ACCESS);
}
