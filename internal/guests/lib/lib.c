// What a guest needs of a C library, with no import of its own.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern unsigned char __heap_base;

enum { PAGE = 65536, ALIGN = 16 };

// The size of a block stands before it.
typedef struct {
	_Alignas(ALIGN) size_t size;
} block;

static uintptr_t heap_top;

// malloc gives memory that is never given back: guests end soon. Only the last
// block can grow in place or be freed.
void *malloc(size_t size) {
	if (heap_top == 0) {
		heap_top = ((uintptr_t)&__heap_base + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
	}
	uint64_t end = (uint64_t)heap_top + sizeof(block) + ((uint64_t)size + ALIGN - 1) / ALIGN * ALIGN;
	uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
	if (end > have) {
		uint64_t pages = (end - have + PAGE - 1) / PAGE;
		if (end > UINT32_MAX || __builtin_wasm_memory_grow(0, (size_t)pages) == (size_t)-1) {
			return NULL;
		}
	}
	block *b = (block *)heap_top;
	b->size = size;
	heap_top = (uintptr_t)end;
	return b + 1;
}

static int is_last(const block *b) {
	return (uintptr_t)(b + 1) + (b->size + ALIGN - 1) / ALIGN * ALIGN == heap_top;
}

void free(void *ptr) {
	if (ptr == NULL) {
		return;
	}
	block *b = (block *)ptr - 1;
	if (is_last(b)) {
		heap_top = (uintptr_t)b;
	}
}

void *realloc(void *ptr, size_t size) {
	if (ptr == NULL) {
		return malloc(size);
	}
	block *b = (block *)ptr - 1;
	size_t old = b->size;
	if (size <= old) {
		return ptr;
	}
	free(ptr);
	void *to = malloc(size);
	if (to != NULL && to != ptr) {
		memcpy(to, ptr, old);
	}
	return to;
}

_Noreturn void abort(void) { __builtin_trap(); }

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
	unsigned char *t = to;
	const unsigned char *f = from;
	for (size_t i = 0; i < n; i++) {
		t[i] = f[i];
	}
	return to;
}

void *memset(void *to, int c, size_t n) {
	unsigned char *t = to;
	for (size_t i = 0; i < n; i++) {
		t[i] = (unsigned char)c;
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t n) {
	const unsigned char *x = a, *y = b;
	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

size_t strlen(const char *s) {
	size_t n = 0;
	while (s[n] != '\0') {
		n++;
	}
	return n;
}
