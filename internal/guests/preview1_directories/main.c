// Directories and links through wasi-libc: mkdir, rmdir, rename, link, symlink.
#include "preview1.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void make(const char *path, const char *text) {
	FILE *f = fopen(path, "w");
	CHECK(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
}

int main(void) {
	struct stat st, st2;
	char buf[100];

	CHECK(mkdir("/d", 0700) == 0);
	CHECK_ERRNO(mkdir("/d", 0700), EEXIST);
	CHECK_ERRNO(mkdir("/none/d", 0700), ENOENT);
	CHECK(stat("/d", &st) == 0 && S_ISDIR(st.st_mode));
	make("/d/f", "f");
	CHECK_ERRNO(rmdir("/d"), ENOTEMPTY);
	CHECK_ERRNO(rmdir("/d/f"), ENOTDIR);
	CHECK_ERRNO(open("/d", O_RDWR), EISDIR);
	CHECK_ERRNO(open("/d/f/x", O_RDONLY), ENOTDIR);

	CHECK(rename("/d/f", "/g") == 0);
	CHECK_ERRNO(stat("/d/f", &st), ENOENT);
	CHECK(rename("/d", "/e") == 0);
	make("/h", "h");
	CHECK(rename("/g", "/h") == 0);
	CHECK_ERRNO(rename("/h", "/e"), EISDIR);
	CHECK_ERRNO(rename("/e", "/h"), ENOTDIR);

	CHECK(link("/h", "/e/hard") == 0);
	CHECK(stat("/h", &st) == 0 && stat("/e/hard", &st2) == 0);
	CHECK(st.st_ino == st2.st_ino && st.st_nlink == 2);

	CHECK(symlink("hard", "/e/soft") == 0);
	CHECK(readlink("/e/soft", buf, sizeof buf) == 4 && memcmp(buf, "hard", 4) == 0);
	CHECK(readlink("/e/soft", buf, 2) == 2 && memcmp(buf, "ha", 2) == 0);
	CHECK(lstat("/e/soft", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat("/e/soft", &st) == 0 && S_ISREG(st.st_mode));
	CHECK_ERRNO(readlink("/h", buf, sizeof buf), EINVAL);
	CHECK(symlink("loop", "/loop") == 0);
	CHECK_ERRNO(open("/loop", O_RDONLY), ELOOP);
	CHECK(symlink("../outside", "/e/up") == 0 || errno == EPERM);
	CHECK(open("/../outside", O_RDONLY) == -1);

	CHECK_ERRNO(unlink("/e"), EISDIR);
	CHECK_ERRNO(unlink("/none"), ENOENT);
	CHECK(unlink("/loop") == 0);
	unlink("/e/up");
	return 0;
}
