// metadata-hash and metadata-hash-at.
#include "files.h"

static bool equal(hash a, hash b) { return a.lower == b.lower && a.upper == b.upper; }

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	touch(root, "g", "content");
	CHECK_EQ(symlink(root, "f", "link"), OK);
	file f = open(root, "f", 0, READ | WRITE);
	hash a, b;

	// The same as long as nothing is changed, whichever way it is asked for.
	CHECK_EQ(hash_of(f, &a), OK);
	CHECK_EQ(hash_of(f, &b), OK);
	CHECK(equal(a, b));
	CHECK_EQ(hash_at(root, FOLLOW, "f", &b), OK);
	CHECK(equal(a, b));
	CHECK_EQ(hash_at(root, FOLLOW, "link", &b), OK);
	CHECK(equal(a, b));
	CHECK(a.lower != a.upper);

	// Another for another object, and for one that was changed or replaced.
	CHECK_EQ(hash_at(root, NO_FOLLOW, "link", &b), OK);
	CHECK(!equal(a, b));
	CHECK_EQ(hash_at(root, FOLLOW, "g", &b), OK);
	CHECK(!equal(a, b));
	CHECK_EQ(hash_of(root, &b), OK);
	CHECK(!equal(a, b));
	put(f, " and more", 7);
	CHECK_EQ(hash_of(f, &b), OK);
	CHECK(!equal(a, b));
	CHECK_EQ(rename(root, "g", root, "f"), OK);
	CHECK_EQ(hash_at(root, FOLLOW, "f", &a), OK);
	CHECK(!equal(a, b));

	CHECK_EQ(hash_at(root, FOLLOW, "gone", &a), NO_ENTRY);
}
