// Reads a directory of more entries than fit into any buffer on the way.
#include "preview1.h"
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

enum { files = 1500 };
static int seen[files];

// count reads a whole directory.
static int count(DIR *d) {
	int n = 0;
	memset(seen, 0, sizeof seen);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		int i;
		if (sscanf(e->d_name, "a-name-of-some-length-%d", &i) == 1) {
			CHECK(i >= 0 && i < files && seen[i]++ == 0);
			CHECK(e->d_type == DT_REG);
			n++;
		} else {
			CHECK(strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
			CHECK(e->d_type == DT_DIR);
		}
	}
	return n;
}

int main(void) {
	char name[100];
	for (int i = 0; i < files; i++) {
		snprintf(name, sizeof name, "/a-name-of-some-length-%d", i);
		int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		CHECK(fd >= 0 && close(fd) == 0);
	}
	DIR *d = opendir("/");
	CHECK(d != NULL);
	CHECK(count(d) == files);
	rewinddir(d);
	CHECK(count(d) == files);
	CHECK(closedir(d) == 0);
	for (int i = 1; i < files; i++) {
		snprintf(name, sizeof name, "/a-name-of-some-length-%d", i);
		CHECK(unlink(name) == 0);
	}
	d = opendir("/");
	CHECK(d != NULL && count(d) == 1 && seen[0]);
	CHECK(closedir(d) == 0);
	return 0;
}
