// append-via-stream: what is written goes to the end, wherever that is by then.
#include "files.h"
#include "streams.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "one");
	file f = open(root, "f", 0, READ | WRITE);
	output a, b;
	CHECK_EQ(append_stream(f, &a), OK);
	CHECK_EQ(append_stream(f, &b), OK);
	CHECK_EQ(write_flush(a, "two"), OPEN);
	CHECK_EQ(write_flush(b, "three"), OPEN);
	CHECK_EQ(write_flush(a, "four"), OPEN);
	CHECK_FILE(f, "onetwothreefour");
	CHECK_EQ(set_size(f, 3), OK);
	CHECK_EQ(write_flush(b, "five"), OPEN);
	CHECK_FILE(f, "onefive");
	put(f, "ONE", 0);
	CHECK_FILE(f, "ONEfive");
	drop(f);
	CHECK_EQ(zeroes_flush(a, 2), OPEN);
	drop_out(a);
	drop_out(b);
	f = open(root, "f", 0, READ);
	CHECK_EQ(size_of(f), 9);
}
