// is-same-object.
#include "files.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "");
	touch(root, "g", "");
	CHECK_EQ(mkdir(root, "d"), OK);
	CHECK_EQ(symlink(root, "f", "link"), OK);
	CHECK_EQ(link(root, NO_FOLLOW, "f", root, "hard"), OK);
	file f = open(root, "f", 0, READ), d = open(root, "d", DIRECTORY, READ);

	CHECK(same(f, f));
	CHECK(same(f, open(root, "f", 0, WRITE)));
	CHECK(same(f, open(root, "link", 0, READ)));
	CHECK(same(f, open(root, "hard", 0, READ)));
	CHECK(same(d, open(root, "d/.", DIRECTORY, READ)));
	CHECK(same(root, open(root, "d/..", DIRECTORY, READ)));

	CHECK(!same(f, open(root, "g", 0, READ)));
	CHECK(!same(d, root));
	CHECK(!same(f, d));

	// A file that takes the name of another is not the other.
	CHECK_EQ(unlink(root, "f"), OK);
	touch(root, "f", "");
	CHECK(!same(f, open(root, "f", 0, READ)));
	CHECK(same(f, open(root, "hard", 0, READ)));
}
