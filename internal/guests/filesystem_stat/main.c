// stat and stat-at: types, sizes, links and times of what the host put there.
#include "files.h"

void test(void) {
	file root = preopen("/");
	stat_t s, t;
	CHECK_EQ(stat_at(root, FOLLOW, "f", &s), OK);
	CHECK_EQ(s.type, TYPE_REGULAR_FILE);
	CHECK_EQ(s.size, 7);
	CHECK_EQ(s.link_count, 1);
	CHECK(s.data_modification_timestamp.is_some);
	CHECK_EQ(s.data_modification_timestamp.val.seconds, 1000000000);
	CHECK(s.data_modification_timestamp.val.nanoseconds < 1000000000);
	CHECK(s.data_access_timestamp.is_some);
	CHECK(s.status_change_timestamp.is_some);

	// An open file and its path say the same.
	file f = open(root, "f", 0, READ);
	CHECK_EQ(stat(f, &t), OK);
	CHECK_EQ(t.type, s.type);
	CHECK_EQ(t.size, s.size);
	CHECK_EQ(t.data_modification_timestamp.val.seconds, 1000000000);
	CHECK_EQ(type_of(f), s.type);

	// A symbolic link: what it names, or itself, whose size is that of the target.
	CHECK_EQ(stat_at(root, FOLLOW, "link", &s), OK);
	CHECK_EQ(s.type, TYPE_REGULAR_FILE);
	CHECK_EQ(stat_at(root, NO_FOLLOW, "link", &s), OK);
	CHECK_EQ(s.type, TYPE_SYMBOLIC_LINK);
	CHECK_EQ(s.size, strlen("f"));

	// Directories.
	CHECK_EQ(stat_at(root, FOLLOW, "d", &s), OK);
	CHECK_EQ(s.type, TYPE_DIRECTORY);
	CHECK_EQ(stat_at(root, FOLLOW, ".", &s), OK);
	CHECK_EQ(stat(root, &t), OK);
	CHECK_EQ(s.type, TYPE_DIRECTORY);
	CHECK_EQ(t.type, TYPE_DIRECTORY);
	CHECK_EQ(s.link_count, t.link_count);

	// Things that can be described but not opened.
	CHECK_EQ(type_at(root, FOLLOW, "fifo"), TYPE_FIFO);
	CHECK_EQ(type_at(root, FOLLOW, "socket"), TYPE_SOCKET);
	CHECK_EQ(open_code(root, FOLLOW, "fifo", 0, READ), NOT_PERMITTED);
	CHECK_EQ(open_code(root, FOLLOW, "fifo", 0, WRITE), NOT_PERMITTED);
	CHECK_EQ(open_code(root, FOLLOW, "socket", 0, READ), NOT_PERMITTED);
	CHECK_EQ(open_code(root, FOLLOW, "fifo", DIRECTORY, READ), NOT_DIRECTORY);

	// A file that was removed is still described through its descriptor.
	CHECK_EQ(unlink(root, "f"), OK);
	CHECK_EQ(stat(f, &s), OK);
	CHECK_EQ(s.size, 7);
	CHECK_EQ(s.link_count, 0);
}
