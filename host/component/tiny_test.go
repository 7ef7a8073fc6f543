package component_test

import (
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
)

// tinyBombs are components of 100 bytes at most that claim to be large, or are
// once somebody believes them. No two are of the same kind.
func tinyBombs() map[string]string {
	const (
		many   = "\xff\xff\xff\xff\x0f" // 2^32-1
		comp   = "\x00asm\x0d\x00\x01\x00"
		module = "\x00asm\x01\x00\x00\x00"
		start  = "\x01\x00\x00\x00" // one core instance, of core module 0
		void   = "\x01\x60\x00\x00" // one type, a function without parameters or results
	)
	str := func(s string) string { return leb(len(s)) + s }
	bombs := map[string]string{
		"section of 2^32-1 bytes":      comp + "\x00" + many,
		"name of 2^32-1 bytes":         comp + section(0, many),
		"size of ten bytes":            comp + "\x00" + strings.Repeat("\xff", 9) + "\x01",
		"components in each other":     "",
		"types in each other":          comp + section(7, "\x01"+strings.Repeat("\x41\x01\x01", 27)+"\x41\x00"),
		"instance types in each other": comp + section(7, "\x01"+strings.Repeat("\x42\x01\x01", 27)+"\x42\x00"),
		"core types in each other":     comp + section(3, "\x01"+strings.Repeat("\x50\x01\x01", 27)+"\x50\x00"),
	}
	nested := comp
	for len(nested) < 85 {
		nested = comp + section(4, nested)
	}
	bombs["components in each other"] = nested

	for id, what := range map[byte]string{
		2: "core instances", 3: "core types", 5: "instances", 6: "aliases", 7: "types", 8: "functions", 10: "imports", 11: "exports", 12: "values",
	} {
		bombs["2^32-1 "+what] = comp + section(id, many)
	}
	bombs["start function of 2^32-1 arguments"] = comp + section(9, "\x00"+many+"\x00")

	// Types, the last of which is imported as a function's parameter.
	types := func(n int, defs string) string {
		last := leb(n - 1)
		return comp + section(7, leb(n+1)+defs+"\x40\x01\x01x"+last+"\x01\x00") + section(10, "\x01\x00\x01f\x01"+leb(n))
	}
	for code, what := range map[string]string{
		"\x72": "record of 2^32-1 fields", "\x71": "variant of 2^32-1 cases", "\x6f": "tuple of 2^32-1 elements",
		"\x6e": "flags of 2^32-1 labels", "\x6d": "enum of 2^32-1 cases", "\x40": "function of 2^32-1 parameters",
		"\x41": "component type of 2^32-1 declarations", "\x42": "instance type of 2^32-1 declarations",
		"\x70": "list of type 2^32-1", "\x69": "handle of type 2^32-1",
	} {
		bombs[what] = types(1, code+many)
	}
	bombs["list of 2^32-1 bytes"] = types(1, "\x67\x7d"+many)
	bombs["list of 2^27 bytes"] = types(1, "\x67\x7d\x80\x80\x80\x40")
	bombs["list of 2^32-1 of 2^32-1"] = types(2, "\x67\x7d"+many+"\x67\x00"+many)
	bombs["lists of 128 of each other"] = types(9, "\x67\x7d\x80\x01"+chain(8, func(i string) string { return "\x67" + i + "\x80\x01" }))
	bombs["tuples of two of each other"] = types(15, "\x6f\x02\x73\x73"+chain(14, func(i string) string { return "\x6f\x02" + i + i }))
	bombs["tuples of four of each other"] = types(10, "\x6f\x02\x73\x73"+chain(9, func(i string) string { return "\x6f\x04" + i + i + i + i }))
	bombs["results of each other"] = types(12, "\x6a\x01\x73\x01\x73"+chain(11, func(i string) string { return "\x6a\x01" + i + "\x01" + i }))
	bombs["lists of each other"] = types(25, "\x70\x7d"+chain(24, func(i string) string { return "\x70" + i }))
	bombs["options of each other"] = types(25, "\x6b\x7d"+chain(24, func(i string) string { return "\x6b" + i }))
	bombs["type that contains itself"] = types(1, "\x70\x00")

	// Core modules, which are instantiated.
	core := func(sections string) string {
		return comp + section(1, module+sections) + section(2, start)
	}
	for id, what := range map[byte]string{
		1: "types", 2: "imports", 3: "functions", 4: "tables", 5: "memories", 6: "globals", 7: "exports", 9: "element segments",
		10: "bodies", 11: "data segments", 12: "announced data segments", 13: "tags",
	} {
		bombs["core module of 2^32-1 "+what] = core(section(id, many))
	}
	body := func(code string) string {
		return core(section(1, void) + section(3, "\x01\x00") + section(10, "\x01"+str(code)))
	}
	maps.Copy(bombs, map[string]string{
		"section of 2^32-1 bytes in a core module": comp + section(1, module+"\x01"+many),
		"core type of 2^32-1 parameters":           core(section(1, "\x01\x60"+many)),
		"core type of 2^32-1 results":              core(section(1, "\x01\x60\x00"+many)),
		"table of 2^32-1 elements":                 core(section(4, "\x01\x70\x00"+many)),
		"table of 2^24 elements":                   core(section(4, "\x01\x70\x00\x80\x80\x80\x08")),
		"table that may have 2^32-1 elements":      core(section(4, "\x01\x70\x01\x00"+many)),
		"memory of 4 GiB":                          core(section(5, "\x01\x00\x80\x80\x04")),
		"memory of 2^32-1 pages":                   core(section(5, "\x01\x00"+many)),
		"memory of 3 GiB":                          core(section(5, "\x01\x00\x80\x80\x03")),
		"data at the end of a memory of 4 GiB":     core(section(5, "\x01\x00\x80\x80\x04") + section(11, "\x01\x00\x41\x7f\x0b\x01x")),
		"data of 2^32-1 bytes":                     core(section(5, "\x01\x00\x01") + section(11, "\x01\x00\x41\x00\x0b"+many)),
		"elements at the end of a table":           core(section(4, "\x01\x70\x00\x01") + section(9, "\x01\x00\x41\x7f\x0b"+many)),
		"2^32-1 locals":                            body("\x01" + many + "\x7e\x0b"),
		"2^32 locals in two parts":                 body("\x02\xff\xff\xff\xff\x07\x7e\xff\xff\xff\xff\x07\x7e\x0b"),
		"2^32-1 parts of locals":                   body(many + "\x0b"),
		"50000 locals":                             body("\x01\xd0\x86\x03\x7e\x0b"),
		"body of 2^32-1 bytes":                     core(section(1, void) + section(3, "\x01\x00") + section(10, "\x01"+many)),
		"branch to 2^32-1 labels":                  body("\x00\x41\x00\x0e" + many + "\x00\x0b"),
		"select of 2^32-1 types":                   body("\x00\x1c" + many + "\x0b"),
		"blocks in each other":                     body("\x00" + strings.Repeat("\x02\x40", 17) + strings.Repeat("\x0b", 18)),
		"blocks that do not end":                   body("\x00" + strings.Repeat("\x02\x40", 28)),
		"start function that does not end":         core(section(1, void) + section(3, "\x01\x00") + section(8, "\x00") + section(10, "\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b")),
		"start function that calls itself":         core(section(1, void) + section(3, "\x01\x00") + section(8, "\x00") + section(10, "\x01\x04\x00\x10\x00\x0b")),
		"start function that fills what it has not": core(section(1, void) + section(3, "\x01\x00") + section(5, "\x01\x00\x01") +
			section(8, "\x00") + section(10, "\x01"+str("\x00\x41\xff\xff\x03\x40\x00\x1a\x41\x00\x41\x01\x41\xff\xff\xff\xff\x07\xfc\x0b\x00\x0b"))),
		"2^32-1 arguments of a core instance":       comp + section(1, module) + section(2, "\x01\x00\x00"+many),
		"2^32-1 exports of a core instance":         comp + section(2, "\x01\x01"+many),
		"2^32-1 arguments of an instance":           comp + section(4, comp) + section(5, "\x01\x00\x00"+many),
		"2^32-1 exports of an instance":             comp + section(5, "\x01\x01"+many),
		"2^32-1 options of a function":              comp + section(8, "\x01\x00\x00\x00"+many),
		"alias of the component 2^32-1 further out": comp + section(6, "\x01\x03\x02"+many+"\x00"),
		"names of 2^32-1 functions":                 core(section(0, "\x04name\x01\x05"+many)),
	})
	bombs["20 core instances"] = comp + section(1, module) + section(2, vec(20, "\x00\x00\x00"))
	return bombs
}

// chain is n definitions that each use the one before by its index, from 1.
func chain(n int, def func(before string) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(def(leb(i)))
	}
	return b.String()
}

// Little input costs little, whatever it claims: bytes and objects allocated count
// the work of the host, and do not depend on the machine.
func TestTinyBombs(t *testing.T) {
	const (
		maxBytes   = 8 << 20
		maxObjects = 20_000
	)
	e := newEngine(t, nil)
	load := func(wasm string) (loaded bool, err error) {
		c, err := e.Load(t.Context(), []byte(wasm), nil)
		if err != nil {
			return false, err
		}
		in, err := c.Instantiate(t.Context(), nil, component.Limits{Memory: 1 << 20, Fuel: 100_000})
		if err == nil {
			in.Close()
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
		return true, err
	}
	bombs := tinyBombs()
	for _, wasm := range bombs { // what the engine does the first time is not theirs
		_, _ = load(wasm)
	}
	loaded, refused := 0, 0
	for name, wasm := range bombs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ok, err := load(wasm)
		runtime.ReadMemStats(&after)
		bytes, objects := after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs
		if len(wasm) > 100 || bytes > maxBytes || objects > maxObjects {
			t.Errorf("%s: %d bytes of input allocate %d bytes in %d objects", name, len(wasm), bytes, objects)
		}
		t.Logf("%-45s %3d bytes %8d allocated %6d objects: %v", name, len(wasm), bytes, objects, err)
		if ok {
			loaded++
		} else {
			refused++
		}
	}
	if loaded < 5 || refused < 50 {
		t.Errorf("%d bombs are loaded and %d are not: the table has lost its point", loaded, refused)
	}
}
