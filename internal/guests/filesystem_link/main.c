// link-at.
#include "files.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	CHECK_EQ(mkdir(root, "d"), OK);
	file d = open(root, "d", DIRECTORY, READ);

	// Two names of one file.
	CHECK_EQ(link(root, NO_FOLLOW, "f", d, "g"), OK);
	file f = open(root, "f", 0, READ | WRITE), g = open(d, "g", 0, READ);
	CHECK(same(f, g));
	stat_t s;
	CHECK_EQ(stat(f, &s), OK);
	CHECK_EQ(s.link_count, 2);
	put(f, "CON", 0);
	CHECK_FILE(g, "CONtent");
	CHECK_EQ(unlink(root, "f"), OK);
	CHECK_EQ(stat(g, &s), OK);
	CHECK_EQ(s.link_count, 1);
	CHECK_EQ(link(root, NO_FOLLOW, "d/g", root, "f"), OK);

	// As the text says.
	CHECK_EQ(link(root, NO_FOLLOW, "gone", root, "x"), NO_ENTRY);
	CHECK_EQ(link(root, NO_FOLLOW, "f", d, "g"), EXIST);
	CHECK_EQ(link(root, NO_FOLLOW, "f", root, "f"), EXIST);
	CHECK_EQ(link(root, NO_FOLLOW, "f", root, "d"), EXIST);
	CHECK_EQ(link(root, NO_FOLLOW, "d", root, "x"), NOT_PERMITTED);
	CHECK_EQ(link(root, NO_FOLLOW, ".", root, "x"), NOT_PERMITTED);
	CHECK_EQ(link(root, NO_FOLLOW, "f", root, "gone/x"), NO_ENTRY);
	CHECK_EQ(link(root, NO_FOLLOW, "f", root, "x/"), NO_ENTRY);
	CHECK_EQ(link(root, NO_FOLLOW, "f/", root, "x"), NOT_DIRECTORY);

	// Of a symbolic link: a link to itself, or to what it names at last.
	CHECK_EQ(symlink(root, "f", "link"), OK);
	CHECK_EQ(link(root, NO_FOLLOW, "link", root, "link2"), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "link2"), TYPE_SYMBOLIC_LINK);
	CHECK_EQ(symlink(root, "../link2", "d/chain"), OK);
	CHECK_EQ(link(root, FOLLOW, "d/chain", root, "h"), OK);
	CHECK_EQ(type_at(root, NO_FOLLOW, "h"), TYPE_REGULAR_FILE);
	CHECK(same(open(root, "f", 0, READ), open(root, "h", 0, READ)));
	CHECK_EQ(link(root, FOLLOW, "f", root, "i"), OK);
	CHECK_EQ(stat_at(root, FOLLOW, "link2", &s), OK);
	CHECK_EQ(s.link_count, 4);

	CHECK_EQ(symlink(root, "d", "to-dir"), OK);
	CHECK_EQ(link(root, FOLLOW, "to-dir", root, "x"), NOT_PERMITTED);
	CHECK_EQ(symlink(root, "gone", "dangling"), OK);
	CHECK_EQ(link(root, FOLLOW, "dangling", root, "x"), NO_ENTRY);
	CHECK_EQ(symlink(root, "self", "self"), OK);
	CHECK_EQ(link(root, FOLLOW, "self", root, "x"), LOOP);
	CHECK_EQ(symlink(root, "../../secret", "d/out"), OK);
	CHECK_EQ(link(root, FOLLOW, "d/out", root, "x"), NOT_PERMITTED);
	CHECK_EQ(type_at(root, NO_FOLLOW, "x"), -2 - NO_ENTRY);
}
