// Measures wasmtime through its C API, for internal/bench:
//
//	peer [-q] [-c CACHE] PROTECTION FILE WORK...
//
// With -q it takes less time and is less exact. PROTECTION is how guests can be stopped: none, epoch or fuel. FILE is a
// component, whose code is kept in CACHE. Each WORK is one of
//
//	add           a call of add(u32, u32)
//	greet         a call of greet(string) -> string
//	u32:NAME:N    a call of NAME(N)
//	instantiate   a store with an instance, made and closed, all of WASI linked
//	idle:N        N instances held: kibibytes of Rss, Pss and Private_Dirty of each
//
// and is answered by a line: nanoseconds of processor time of the process, in the
// best of several batches, or what else it says there.
//
// The package that the library comes in has no headers: what is used of the API
// is declared here.
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct config config;
typedef struct engine engine;
typedef struct store store;
typedef struct context context;
typedef struct error error;
typedef struct component component;
typedef struct linker linker;
typedef struct linker_instance linker_instance;
typedef struct export_index export_index;
typedef struct func_type func_type;
typedef struct wasi_config wasi_config;
typedef struct {
	size_t size;
	char *data;
} bytes;
typedef struct {
	uint64_t store;
	uint32_t id;
} instance;
typedef struct {
	struct {
		uint64_t store;
		uint32_t id;
	} of;
	uint32_t index;
	void *private;
} func;
enum { U32 = 6, STRING = 12 };
typedef struct {
	uint8_t kind;
	union {
		uint32_t u32;
		bytes string;
		void *largest[3];
	} of;
} val;

config *wasm_config_new(void);
void wasmtime_config_epoch_interruption_set(config *, bool);
void wasmtime_config_consume_fuel_set(config *, bool);
engine *wasm_engine_new_with_config(config *);
store *wasmtime_store_new(engine *, void *, void (*)(void *));
void wasmtime_store_delete(store *);
context *wasmtime_store_context(store *);
error *wasmtime_context_set_fuel(context *, uint64_t);
void wasmtime_context_set_epoch_deadline(context *, uint64_t);
error *wasmtime_context_set_wasi(context *, wasi_config *);
void wasmtime_context_set_wasi_http(context *);
wasi_config *wasi_config_new(void);
void wasmtime_error_message(error *, bytes *);
error *wasmtime_component_new(engine *, const uint8_t *, size_t, component **);
error *wasmtime_component_deserialize_file(engine *, const char *, component **);
error *wasmtime_component_serialize(component *, bytes *);
linker *wasmtime_component_linker_new(engine *);
error *wasmtime_component_linker_add_wasip2(linker *);
error *wasmtime_component_linker_add_wasi_http(linker *);
error *wasmtime_component_linker_instantiate(linker *, context *, component *, instance *);
linker_instance *wasmtime_component_linker_root(linker *);
error *wasmtime_component_linker_instance_add_instance(linker_instance *, const char *, size_t, linker_instance **);
typedef error *callback(void *, context *, func_type *, val *, size_t, val *, size_t);
error *wasmtime_component_linker_instance_add_func(linker_instance *, const char *, size_t, callback *, void *, void (*)(void *));
void wasmtime_component_linker_instance_delete(linker_instance *);
export_index *wasmtime_component_instance_get_export_index(instance *, context *, export_index *, const char *, size_t);
bool wasmtime_component_instance_get_func(instance *, context *, export_index *, func *);
error *wasmtime_component_func_call(func *, context *, const val *, size_t, val *, size_t);
void wasmtime_component_val_delete(val *);

static void fail(const char *what) {
	fprintf(stderr, "peer: %s\n", what);
	exit(1);
}

static void check(error *e) {
	if (e != NULL) {
		bytes message;
		wasmtime_error_message(e, &message);
		fprintf(stderr, "peer: %.*s\n", (int)message.size, message.data);
		exit(1);
	}
}

static uint64_t processor_time(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// The same way of measuring as in measure.go.
static double cost(void (*work)(void), uint64_t batch, int batches) {
	uint64_t n = 1, took;
	for (;;) {
		uint64_t begin = processor_time();
		for (uint64_t i = 0; i < n; i++) work();
		took = processor_time() - begin;
		if (took >= batch / 2) break;
		n *= 2;
	}
	double best = (double)took / (double)n;
	for (int b = 1; b < batches; b++) {
		uint64_t begin = processor_time();
		for (uint64_t i = 0; i < n; i++) work();
		double each = (double)(processor_time() - begin) / (double)n;
		if (each < best) best = each;
	}
	return best;
}

static bool by_epoch, by_fuel;
static engine *eng;
static component *comp;
static linker *lnk;
static context *ctx;
static func fn;
static val args[2], result;
static size_t nargs;

static error *host_add(void *data, context *c, func_type *t, val *in, size_t nin, val *out, size_t nout) {
	(void)data, (void)c, (void)t;
	if (nin != 2 || nout != 1) fail("add is called with something else");
	out[0].kind = U32;
	out[0].of.u32 = in[0].of.u32 + in[1].of.u32;
	return NULL;
}

static store *start(instance *in) {
	store *s = wasmtime_store_new(eng, NULL, NULL);
	context *c = wasmtime_store_context(s);
	check(wasmtime_context_set_wasi(c, wasi_config_new()));
	wasmtime_context_set_wasi_http(c);
	if (by_fuel) check(wasmtime_context_set_fuel(c, UINT64_MAX / 2));
	if (by_epoch) wasmtime_context_set_epoch_deadline(c, 1);
	check(wasmtime_component_linker_instantiate(lnk, c, comp, in));
	return s;
}

static void find(instance *in, const char *name, size_t n) {
	export_index *i = wasmtime_component_instance_get_export_index(in, ctx, NULL, name, n);
	if (i == NULL || !wasmtime_component_instance_get_func(in, ctx, i, &fn)) fail("the component does not export that function");
}

static void call(void) {
	check(wasmtime_component_func_call(&fn, ctx, args, nargs, &result, 1));
	if (result.kind == STRING) wasmtime_component_val_delete(&result);
}

static void instantiate(void) {
	instance in;
	wasmtime_store_delete(start(&in));
}

static void resident(long kib[3]) {
	static const char *const names[] = {"Rss:", "Pss:", "Private_Dirty:"};
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	if (f == NULL) fail("/proc/self/smaps_rollup cannot be read");
	while (fgets(line, sizeof line, f) != NULL)
		for (int i = 0; i < 3; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0) kib[i] = atol(line + strlen(names[i]));
	fclose(f);
}

static void idle(int n) {
	long before[3] = {0}, after[3] = {0};
	instance in;
	instantiate();
	start(&in);
	resident(before);
	for (int i = 0; i < n; i++) start(&in);
	resident(after);
	for (int i = 0; i < 3; i++) printf("%.2f%c", (double)(after[i] - before[i]) / n, i < 2 ? ' ' : '\n');
}

static bytes read_file(const char *path) {
	FILE *f = fopen(path, "rb");
	if (f == NULL) fail("the component cannot be read");
	fseek(f, 0, SEEK_END);
	bytes b = {(size_t)ftell(f), NULL};
	rewind(f);
	b.data = malloc(b.size);
	if (b.data == NULL || fread(b.data, 1, b.size, f) != b.size) fail("the component cannot be read");
	fclose(f);
	return b;
}

static void load(const char *path, const char *cache) {
	FILE *f;
	if (cache != NULL && (f = fopen(cache, "rb")) != NULL) {
		fclose(f);
		check(wasmtime_component_deserialize_file(eng, cache, &comp));
		return;
	}
	bytes wasm = read_file(path), code;
	check(wasmtime_component_new(eng, (uint8_t *)wasm.data, wasm.size, &comp));
	free(wasm.data);
	if (cache == NULL) return;
	check(wasmtime_component_serialize(comp, &code));
	if ((f = fopen(cache, "wb")) == NULL || fwrite(code.data, 1, code.size, f) != code.size || fclose(f) != 0)
		fail("the cache cannot be written");
}

int main(int argc, char **argv) {
	const char *cache = NULL;
	uint64_t batch = 20000000;
	int batches = 12;
	if (argc > 1 && strcmp(argv[1], "-q") == 0) {
		batch = 2000000, batches = 3;
		argv++, argc--;
	}
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		cache = argv[2];
		argv += 2, argc -= 2;
	}
	if (argc < 4) fail("usage: peer [-q] [-c CACHE] none|epoch|fuel FILE WORK...");
	by_epoch = strcmp(argv[1], "epoch") == 0;
	by_fuel = strcmp(argv[1], "fuel") == 0;

	config *cfg = wasm_config_new();
	wasmtime_config_epoch_interruption_set(cfg, by_epoch);
	wasmtime_config_consume_fuel_set(cfg, by_fuel);
	eng = wasm_engine_new_with_config(cfg);
	load(argv[2], cache);
	lnk = wasmtime_component_linker_new(eng);
	check(wasmtime_component_linker_add_wasip2(lnk));
	check(wasmtime_component_linker_add_wasi_http(lnk));
	linker_instance *root = wasmtime_component_linker_root(lnk), *calls;
	const char *name = "bench:host/calls@1.0.0";
	check(wasmtime_component_linker_instance_add_instance(root, name, strlen(name), &calls));
	check(wasmtime_component_linker_instance_add_func(calls, "add", 3, host_add, NULL, NULL));
	wasmtime_component_linker_instance_delete(calls);
	wasmtime_component_linker_instance_delete(root);

	for (int i = 3; i < argc; i++) {
		char *work = argv[i];
		instance in;
		if (strcmp(work, "instantiate") == 0) {
			printf("%.1f\n", cost(instantiate, batch, batches));
			continue;
		}
		if (strncmp(work, "idle:", 5) == 0) {
			idle(atoi(work + 5));
			continue;
		}
		store *s = start(&in);
		ctx = wasmtime_store_context(s);
		for (int k = 0; k < 2; k++) args[k].kind = U32, args[k].of.u32 = (uint32_t)k + 1;
		if (strcmp(work, "add") == 0) {
			find(&in, "add", 3);
			nargs = 2;
		} else if (strcmp(work, "greet") == 0) {
			find(&in, "greet", 5);
			nargs = 1;
			args[0] = (val){.kind = STRING, .of.string = {6, "wattle"}};
		} else if (strncmp(work, "u32:", 4) == 0) {
			char *colon = strrchr(work, ':');
			find(&in, work + 4, (size_t)(colon - work - 4));
			nargs = 1;
			args[0].of.u32 = (uint32_t)atol(colon + 1);
		} else {
			fail("there is no such work");
		}
		printf("%.1f\n", cost(call, batch, batches));
		wasmtime_store_delete(s);
	}
	return 0;
}
