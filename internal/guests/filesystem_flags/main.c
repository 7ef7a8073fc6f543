// Descriptor flags: what a descriptor was not opened for, it does not do.
#include "files.h"

void test(void) {
	file root = preopen("/");
	touch(root, "f", "content");
	file r = open(root, "f", 0, READ), w = open(root, "f", 0, WRITE), rw = open(root, "f", 0, READ | WRITE), none = open(root, "f", 0, 0);
	CHECK_EQ(flags_of(r), READ);
	CHECK_EQ(flags_of(w), WRITE);
	CHECK_EQ(flags_of(rw), READ | WRITE);
	CHECK_EQ(flags_of(none), 0);

	chunk c;
	uint64_t n;
	input in;
	output out;
	CHECK_EQ(pread(r, 7, 0, &c), OK);
	CHECK_EQ(pread(w, 7, 0, &c), BAD_DESCRIPTOR);
	CHECK_EQ(pread(none, 7, 0, &c), BAD_DESCRIPTOR);
	CHECK_EQ(read_stream(w, 0, &in), BAD_DESCRIPTOR);
	CHECK_EQ(pwrite(r, "x", 0, &n), BAD_DESCRIPTOR);
	CHECK_EQ(pwrite(none, "x", 0, &n), BAD_DESCRIPTOR);
	CHECK_EQ(write_stream(r, 0, &out), BAD_DESCRIPTOR);
	CHECK_EQ(append_stream(r, &out), BAD_DESCRIPTOR);
	CHECK_EQ(set_size(r, 0), BAD_DESCRIPTOR);
	put(rw, "C", 0);
	CHECK_FILE(rw, "Content");

	// Syncing what is not open for writing succeeds with no effect.
	CHECK_EQ(sync(r), OK);
	CHECK_EQ(sync_data(none), OK);

	// A directory is not a file, a file not a directory.
	CHECK_EQ(pread(root, 1, 0, &c), IS_DIRECTORY);
	CHECK_EQ(pwrite(root, "x", 0, &n), IS_DIRECTORY);
	CHECK_EQ(read_stream(root, 0, &in), IS_DIRECTORY);
	CHECK_EQ(write_stream(root, 0, &out), IS_DIRECTORY);
	CHECK_EQ(append_stream(root, &out), IS_DIRECTORY);
	CHECK_EQ(set_size(root, 0), IS_DIRECTORY);
	entries e;
	stat_t s;
	wasi_string_t target;
	hash h;
	timestamp now = {.tag = WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW};
	CHECK_EQ(read_directory(rw, &e), NOT_DIRECTORY);
	CHECK_EQ(mkdir(rw, "x"), NOT_DIRECTORY);
	CHECK_EQ(rmdir(rw, "x"), NOT_DIRECTORY);
	CHECK_EQ(unlink(rw, "x"), NOT_DIRECTORY);
	CHECK_EQ(rename(rw, "x", root, "y"), NOT_DIRECTORY);
	CHECK_EQ(rename(root, "f", rw, "y"), NOT_DIRECTORY);
	CHECK_EQ(link(rw, NO_FOLLOW, "x", root, "y"), NOT_DIRECTORY);
	CHECK_EQ(link(root, NO_FOLLOW, "f", rw, "y"), NOT_DIRECTORY);
	CHECK_EQ(symlink(rw, "x", "y"), NOT_DIRECTORY);
	CHECK_EQ(readlink(rw, "x", &target), NOT_DIRECTORY);
	CHECK_EQ(stat_at(rw, FOLLOW, "x", &s), NOT_DIRECTORY);
	CHECK_EQ(hash_at(rw, FOLLOW, "x", &h), NOT_DIRECTORY);
	CHECK_EQ(set_times_at(rw, FOLLOW, "x", now, now), NOT_DIRECTORY);

	// Requests to synchronize are taken, and files are written all the same.
	file synced = open(root, "s", CREATE, WRITE | WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_FILE_INTEGRITY_SYNC);
	CHECK(flags_of(synced) & WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_FILE_INTEGRITY_SYNC);
	put(synced, "synced", 0);
	synced = open(root, "s", 0,
		READ | WRITE | WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_DATA_INTEGRITY_SYNC | WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_REQUESTED_WRITE_SYNC);
	CHECK_FILE(synced, "synced");
}
