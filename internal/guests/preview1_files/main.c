// Files through wasi-libc: open, read, write, seek, append, truncate, stat.
#include "preview1.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
	char buf[100] = {0};
	struct stat st;

	CHECK_ERRNO(open("/none", O_RDONLY), ENOENT);
	int fd = open("/f", O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0);
	CHECK_ERRNO(open("/f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK(write(fd, "0123456789", 10) == 10);
	CHECK(lseek(fd, 0, SEEK_CUR) == 10);
	CHECK(lseek(fd, -4, SEEK_END) == 6);
	CHECK(read(fd, buf, sizeof buf) == 4 && memcmp(buf, "6789", 4) == 0);
	CHECK(read(fd, buf, sizeof buf) == 0);
	CHECK_ERRNO(lseek(fd, -11, SEEK_END), EINVAL);
	CHECK(pread(fd, buf, 3, 2) == 3 && memcmp(buf, "234", 3) == 0);
	CHECK(pwrite(fd, "xy", 2, 4) == 2);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 10 && S_ISREG(st.st_mode) && st.st_nlink == 1);
	CHECK(ftruncate(fd, 6) == 0);
	CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
	CHECK(close(fd) == 0);
	CHECK_ERRNO(close(fd), EBADF);

	fd = open("/f", O_WRONLY | O_APPEND);
	CHECK(fd >= 0);
	CHECK(write(fd, "end", 3) == 3);
	CHECK_ERRNO(read(fd, buf, 1), EBADF);
	CHECK(close(fd) == 0);
	fd = open("/f", O_RDONLY);
	CHECK(read(fd, buf, sizeof buf) == 9 && memcmp(buf, "0123xyend", 9) == 0);
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	CHECK(close(fd) == 0);
	CHECK(stat("/f", &st) == 0 && st.st_size == 9);

	struct timespec times[2] = {{.tv_sec = 1000000000, .tv_nsec = 5}, {.tv_sec = 1234567890, .tv_nsec = 7}};
	CHECK(utimensat(AT_FDCWD, "/f", times, 0) == 0);
	CHECK(stat("/f", &st) == 0 && st.st_atim.tv_sec == 1000000000 && st.st_mtim.tv_sec == 1234567890 && st.st_mtim.tv_nsec == 7);

	// Larger than any buffer on the way.
	fd = open("/large", O_RDWR | O_CREAT | O_TRUNC, 0600);
	enum { size = 1 << 20 };
	unsigned char *data = malloc(size), *back = malloc(size);
	for (int i = 0; i < size; i++) data[i] = (unsigned char)(i * 7 >> 3);
	for (int n = 0; n < size;) {
		ssize_t m = write(fd, data + n, size - n);
		CHECK(m > 0);
		n += m;
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	for (int n = 0; n < size;) {
		ssize_t m = read(fd, back + n, size - n);
		CHECK(m > 0);
		n += m;
	}
	CHECK(memcmp(data, back, size) == 0);
	CHECK(close(fd) == 0);

	FILE *f = fopen("/lines", "w+");
	CHECK(f != NULL);
	for (int i = 0; i < 1000; i++) CHECK(fprintf(f, "line %d\n", i) > 0);
	rewind(f);
	int sum = 0;
	for (int i; fscanf(f, "line %d\n", &i) == 1;) sum += i;
	CHECK(sum == 499500);
	CHECK(fclose(f) == 0);
	CHECK(unlink("/lines") == 0 && unlink("/large") == 0);
	return 0;
}
