#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Prints its arguments and its input, and writes a file.
int main(int argc, char **argv) {
	char line[100];
	if (!fgets(line, sizeof line, stdin)) return EXIT_FAILURE;
	line[strcspn(line, "\n")] = 0;
	printf("hello %s and %s, says %s\n", argc > 1 ? argv[1] : "nobody", line, getenv("SPEAKER"));
	FILE *f = fopen("/out", "w");
	return f && fputs("written\n", f) >= 0 && fclose(f) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
