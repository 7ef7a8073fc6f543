// Calls of wasi:filesystem/types in few words: those that can fail return an
// error code, or OK.
#ifndef FILES_H
#define FILES_H

#include "guest.h"

#define CODE(name) name = WASI_FILESYSTEM_TYPES_ERROR_CODE_##name

enum {
	OK = -1,
	CODE(ACCESS),
	CODE(BAD_DESCRIPTOR),
	CODE(BUSY),
	CODE(CROSS_DEVICE),
	CODE(EXIST),
	CODE(FILE_TOO_LARGE),
	CODE(ILLEGAL_BYTE_SEQUENCE),
	CODE(INSUFFICIENT_MEMORY),
	CODE(INSUFFICIENT_SPACE),
	CODE(INTERRUPTED),
	CODE(INVALID),
	CODE(IO),
	CODE(IS_DIRECTORY),
	CODE(LOOP),
	CODE(NAME_TOO_LONG),
	CODE(NOT_DIRECTORY),
	CODE(NOT_EMPTY),
	CODE(NOT_PERMITTED),
	CODE(NO_ENTRY),
	CODE(OVERFLOW),
	CODE(QUOTA),
	CODE(READ_ONLY),
	CODE(TEXT_FILE_BUSY),
	CODE(TOO_MANY_LINKS),
	CODE(UNSUPPORTED),
};

enum {
	READ = WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_READ,
	WRITE = WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_WRITE,
	MUTATE = WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_MUTATE_DIRECTORY,
	CREATE = WASI_FILESYSTEM_TYPES_OPEN_FLAGS_CREATE,
	DIRECTORY = WASI_FILESYSTEM_TYPES_OPEN_FLAGS_DIRECTORY,
	EXCLUSIVE = WASI_FILESYSTEM_TYPES_OPEN_FLAGS_EXCLUSIVE,
	TRUNCATE = WASI_FILESYSTEM_TYPES_OPEN_FLAGS_TRUNCATE,
	NO_FOLLOW = 0,
	FOLLOW = WASI_FILESYSTEM_TYPES_PATH_FLAGS_SYMLINK_FOLLOW,
};

#define TYPE(name) TYPE_##name = WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_##name

enum {
	TYPE(BLOCK_DEVICE),
	TYPE(CHARACTER_DEVICE),
	TYPE(DIRECTORY),
	TYPE(FIFO),
	TYPE(SYMBOLIC_LINK),
	TYPE(REGULAR_FILE),
	TYPE(SOCKET),
};

typedef wasi_filesystem_types_own_descriptor_t file;
typedef wasi_filesystem_types_descriptor_stat_t stat_t;
typedef wasi_filesystem_types_new_timestamp_t timestamp;
typedef wasi_filesystem_types_error_code_t code;

static inline wasi_filesystem_types_borrow_descriptor_t lend(file f) {
	return wasi_filesystem_types_borrow_descriptor(f);
}

static inline void drop(file f) { wasi_filesystem_types_descriptor_drop_own(f); }

// preopen returns the directory that the guest is given by a name.
static inline file preopen(const char *name) {
	wasi_filesystem_preopens_list_tuple2_own_descriptor_string_t dirs;
	wasi_filesystem_preopens_get_directories(&dirs);
	for (size_t i = 0; i < dirs.len; i++) {
		if (is(dirs.ptr[i].f1, name)) {
			return dirs.ptr[i].f0;
		}
	}
	FAIL("no such preopen");
}

// RESULT makes an int of a call that gives an error code to err.
#define RESULT(call) \
	code err; \
	return (call) ? OK : (int)err

#define METHOD(name) wasi_filesystem_types_method_descriptor_##name

static inline int open_with(file dir, int path_flags, const char *path, int how, int flags, file *opened) {
	wasi_string_t p = str(path);
	RESULT(METHOD(open_at)(lend(dir), (uint8_t)path_flags, &p, (uint8_t)how, (uint8_t)flags, opened, &err));
}

// open_code opens and drops what it opened.
static inline int open_code(file dir, int path_flags, const char *path, int how, int flags) {
	file f;
	int c = open_with(dir, path_flags, path, how, flags, &f);
	if (c == OK) {
		drop(f);
	}
	return c;
}

// open opens what can be opened.
static inline file open(file dir, const char *path, int how, int flags) {
	file f;
	int c = open_with(dir, FOLLOW, path, how, flags, &f);
	if (c != OK) {
		print(path);
		print(": ");
	}
	CHECK_EQ(c, OK);
	return f;
}

static inline int mkdir(file dir, const char *path) {
	wasi_string_t p = str(path);
	RESULT(METHOD(create_directory_at)(lend(dir), &p, &err));
}

static inline int rmdir(file dir, const char *path) {
	wasi_string_t p = str(path);
	RESULT(METHOD(remove_directory_at)(lend(dir), &p, &err));
}

static inline int unlink(file dir, const char *path) {
	wasi_string_t p = str(path);
	RESULT(METHOD(unlink_file_at)(lend(dir), &p, &err));
}

static inline int rename(file from, const char *path, file to, const char *to_path) {
	wasi_string_t p = str(path), q = str(to_path);
	RESULT(METHOD(rename_at)(lend(from), &p, lend(to), &q, &err));
}

static inline int link(file from, int path_flags, const char *path, file to, const char *to_path) {
	wasi_string_t p = str(path), q = str(to_path);
	RESULT(METHOD(link_at)(lend(from), (uint8_t)path_flags, &p, lend(to), &q, &err));
}

static inline int symlink(file dir, const char *target, const char *path) {
	wasi_string_t p = str(target), q = str(path);
	RESULT(METHOD(symlink_at)(lend(dir), &p, &q, &err));
}

static inline int readlink(file dir, const char *path, wasi_string_t *target) {
	wasi_string_t p = str(path);
	RESULT(METHOD(readlink_at)(lend(dir), &p, target, &err));
}

static inline int stat(file f, stat_t *s) { RESULT(METHOD(stat)(lend(f), s, &err)); }

static inline int stat_at(file dir, int path_flags, const char *path, stat_t *s) {
	wasi_string_t p = str(path);
	RESULT(METHOD(stat_at)(lend(dir), (uint8_t)path_flags, &p, s, &err));
}

// type_at returns the type of what is at a path, or an error code of the form -2
// and less.
static inline int type_at(file dir, int path_flags, const char *path) {
	stat_t s;
	int c = stat_at(dir, path_flags, path, &s);
	return c == OK ? s.type : -2 - c;
}

// size_of returns the size of a file.
static inline uint64_t size_of(file f) {
	stat_t s;
	CHECK_EQ(stat(f, &s), OK);
	return s.size;
}

static inline int set_times(file f, timestamp accessed, timestamp modified) {
	RESULT(METHOD(set_times)(lend(f), &accessed, &modified, &err));
}

static inline int set_times_at(file dir, int path_flags, const char *path, timestamp accessed, timestamp modified) {
	wasi_string_t p = str(path);
	RESULT(METHOD(set_times_at)(lend(dir), (uint8_t)path_flags, &p, &accessed, &modified, &err));
}

static inline int set_size(file f, uint64_t size) { RESULT(METHOD(set_size)(lend(f), size, &err)); }

typedef struct {
	wasi_list_u8_t bytes;
	bool end;
} chunk;

static inline int pread(file f, uint64_t n, uint64_t offset, chunk *c) {
	wasi_tuple2_list_u8_bool_t got;
	code err;
	if (!METHOD(read)(lend(f), n, offset, &got, &err)) {
		return (int)err;
	}
	*c = (chunk){got.f0, got.f1};
	return OK;
}

static inline int pwrite(file f, const char *text, uint64_t offset, uint64_t *wrote) {
	wasi_list_u8_t bytes = {(uint8_t *)text, strlen(text)};
	RESULT(METHOD(write)(lend(f), &bytes, offset, wrote, &err));
}

// put writes a text to where there is room for it.
static inline void put(file f, const char *text, uint64_t offset) {
	uint64_t wrote;
	CHECK_EQ(pwrite(f, text, offset, &wrote), OK);
	CHECK_EQ(wrote, strlen(text));
}

// CHECK_FILE ends the guest unless a file has a text for content.
#define CHECK_FILE(f, text) \
	do { \
		chunk all; \
		CHECK_EQ(pread((f), sizeof(text), 0, &all), OK); \
		CHECK_STR(((wasi_string_t){all.bytes.ptr, all.bytes.len}), text); \
		CHECK(all.end); \
	} while (0)

// touch makes a file.
static inline void touch(file dir, const char *path, const char *text) {
	file f = open(dir, path, CREATE, READ | WRITE);
	put(f, text, 0);
	drop(f);
}

typedef wasi_filesystem_types_own_input_stream_t input;
typedef wasi_filesystem_types_own_output_stream_t output;

static inline int read_stream(file f, uint64_t offset, input *in) {
	RESULT(METHOD(read_via_stream)(lend(f), offset, in, &err));
}

static inline int write_stream(file f, uint64_t offset, output *out) {
	RESULT(METHOD(write_via_stream)(lend(f), offset, out, &err));
}

static inline int append_stream(file f, output *out) { RESULT(METHOD(append_via_stream)(lend(f), out, &err)); }

static inline int sync(file f) { RESULT(METHOD(sync)(lend(f), &err)); }

static inline int sync_data(file f) { RESULT(METHOD(sync_data)(lend(f), &err)); }

static inline int advise(file f, uint64_t offset, uint64_t length, int advice) {
	RESULT(METHOD(advise)(lend(f), offset, length, (uint8_t)advice, &err));
}

// flags_of returns the flags of a descriptor.
static inline int flags_of(file f) {
	wasi_filesystem_types_descriptor_flags_t flags;
	code err;
	CHECK(METHOD(get_flags)(lend(f), &flags, &err));
	return flags;
}

// type_of returns the type of a descriptor.
static inline int type_of(file f) {
	wasi_filesystem_types_descriptor_type_t type;
	code err;
	CHECK(METHOD(get_type)(lend(f), &type, &err));
	return type;
}

static inline bool same(file a, file b) { return METHOD(is_same_object)(lend(a), lend(b)); }

typedef wasi_filesystem_types_metadata_hash_value_t hash;

static inline int hash_of(file f, hash *h) { RESULT(METHOD(metadata_hash)(lend(f), h, &err)); }

static inline int hash_at(file dir, int path_flags, const char *path, hash *h) {
	wasi_string_t p = str(path);
	RESULT(METHOD(metadata_hash_at)(lend(dir), (uint8_t)path_flags, &p, h, &err));
}

typedef wasi_filesystem_types_own_directory_entry_stream_t entries;

static inline int read_directory(file dir, entries *e) { RESULT(METHOD(read_directory)(lend(dir), e, &err)); }

static inline int next_entry(entries e, wasi_filesystem_types_option_directory_entry_t *entry) {
	RESULT(wasi_filesystem_types_method_directory_entry_stream_read_directory_entry(
		wasi_filesystem_types_borrow_directory_entry_stream(e), entry, &err));
}

#endif
