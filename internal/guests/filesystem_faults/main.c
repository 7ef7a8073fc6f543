// Each error that a provider of files can have, as the guest is told: the host
// fails to open a file that has the name of an error code with that code.
#include "files.h"

#define FAULT(name, code) CHECK_EQ(open_code(root, FOLLOW, name, 0, READ), code)

void test(void) {
	file root = preopen("/");
	FAULT("access", ACCESS);
	FAULT("bad-descriptor", BAD_DESCRIPTOR);
	FAULT("busy", BUSY);
	FAULT("cross-device", CROSS_DEVICE);
	FAULT("exist", EXIST);
	FAULT("file-too-large", FILE_TOO_LARGE);
	FAULT("insufficient-memory", INSUFFICIENT_MEMORY);
	FAULT("insufficient-space", INSUFFICIENT_SPACE);
	FAULT("interrupted", INTERRUPTED);
	FAULT("invalid", INVALID);
	FAULT("io", IO);
	FAULT("is-directory", IS_DIRECTORY);
	FAULT("loop", LOOP);
	FAULT("name-too-long", NAME_TOO_LONG);
	FAULT("no-entry", NO_ENTRY);
	FAULT("not-directory", NOT_DIRECTORY);
	FAULT("not-empty", NOT_EMPTY);
	FAULT("not-permitted", NOT_PERMITTED);
	FAULT("overflow", OVERFLOW);
	FAULT("quota", QUOTA);
	FAULT("read-only", READ_ONLY);
	FAULT("text-file-busy", TEXT_FILE_BUSY);
	FAULT("too-many-links", TOO_MANY_LINKS);
	FAULT("unsupported", UNSUPPORTED);

	// Files of two providers have nothing in common.
	file other = preopen("other");
	touch(other, "f", "");
	CHECK_EQ(rename(other, "f", root, "f"), CROSS_DEVICE);
	CHECK_EQ(link(other, NO_FOLLOW, "f", root, "f"), CROSS_DEVICE);
}
