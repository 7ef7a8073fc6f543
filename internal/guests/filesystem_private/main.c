// A directory of the call's own: whatever a call leaves in it, the next one finds it as
// it was.
#include "files.h"

void test(void) {
	file root = preopen("/data");
	file f = open(root, "f", 0, READ | WRITE);
	CHECK_FILE(f, "content");
	put(f, "written", 0);
	CHECK_EQ(open_code(root, FOLLOW, "trace", 0, READ), NO_ENTRY);
	touch(root, "trace", "secret of this call");
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(rename(root, "trace", root, "d/trace"), OK);
	CHECK_EQ(unlink(root, "f"), OK);
	CHECK_FILE(f, "written");
}
