// Arguments, environment, standard streams and how a program ends: the first
// argument is "echo", "return", "exit" or "abort".
#include "preview1.h"
#include <ctype.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
	CHECK(argc >= 2);
	if (strcmp(argv[1], "return") == 0) return atoi(argv[2]);
	if (strcmp(argv[1], "exit") == 0) exit(atoi(argv[2]));
	if (strcmp(argv[1], "abort") == 0) abort();
	for (int i = 2; i < argc; i++) printf("arg %s\n", argv[i]);
	for (char **e = environ; *e != NULL; e++) printf("env %s\n", *e);
	for (int c; (c = getchar()) != EOF;) putchar(toupper(c));
	fputs("to stderr\n", stderr);
	CHECK(!isatty(0) && !isatty(1) && !isatty(2));
	return 0;
}
