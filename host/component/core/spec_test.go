package core_test

import (
	"encoding/json"
	"fmt"
	"go/build"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

// specDir returns the folder of the WebAssembly specification's test suite,
// which comes, as binaries, with the source of wazero.
func specDir(t *testing.T) string {
	t.Helper()
	pkg, err := build.Import("github.com/tetratelabs/wazero", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(pkg.Dir, "internal", "integration_test", "spectest")
}

type specScript struct {
	Commands []specCommand
}

type specCommand struct {
	Type       string
	Line       int
	Name       string
	Filename   string
	As         string
	ModuleType string `json:"module_type"`
	Action     struct {
		Type   string
		Module string
		Field  string
		Args   []specValue
	}
}

type specValue struct {
	Type     string
	LaneType string `json:"lane_type"`
	Value    any
}

// stack appends the value as a function takes it.
func (v specValue) stack(args []uint64) []uint64 {
	parse := func(s string, bits int) uint64 {
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return n
		}
		n, _ := strconv.ParseInt(s, 10, 64)
		return uint64(n) & (math.MaxUint64 >> (64 - bits))
	}
	bits := map[string]int{"i8": 8, "i16": 16, "i32": 32, "f32": 32, "i64": 64, "f64": 64}
	switch value := v.Value.(type) {
	case []any:
		width := bits[v.LaneType]
		var halves [2]uint64
		for i, lane := range value {
			bit := i * width
			halves[bit/64] |= parse(lane.(string), width) << (bit % 64)
		}
		return append(args, halves[:]...)
	case string:
		if v.Type == "externref" && value != "null" {
			return append(args, parse(value, 64)+1)
		}
		return append(args, parse(value, max(bits[v.Type], 1)))
	}
	return append(args, 0)
}

// TestSpecification runs the specification's test suite on original and
// rewritten modules side by side and demands the same of both: results, traps,
// and refusals.
func TestSpecification(t *testing.T) {
	suites := []string{"v2", "tail-call", "extended-const"}
	scripts := 0
	for _, suite := range suites {
		files, err := filepath.Glob(filepath.Join(specDir(t), suite, "testdata", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			scripts++
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			if testing.Short() && strings.HasPrefix(name, "simd_") {
				continue // TestVector runs the same instructions
			}
			t.Run(suite+"/"+name, func(t *testing.T) {
				t.Parallel()
				runScript(t, file)
			})
		}
	}
	if scripts < 100 {
		t.Errorf("found %d scripts; is the test suite complete?", scripts)
	}
}

// side is one of the two worlds in which a script runs.
type side struct {
	instantiate func(module []byte) (api.Module, error)
	names       map[string]api.Module // by $name and registered name
	last        api.Module
}

func (s *side) resolve(module string) api.Module { return s.names["registered "+module] }

func runScript(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var script specScript
	if err := json.Unmarshal(data, &script); err != nil {
		t.Fatal(err)
	}
	spectest, err := os.ReadFile(filepath.Join(specDir(t), "testdata", "spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t)
	plain := &side{names: map[string]api.Module{}}
	plain.instantiate = func(m []byte) (api.Module, error) { return e.plain(t.Context(), m, plain.resolve) }
	rewritten := &side{names: map[string]api.Module{}}
	rewritten.instantiate = func(m []byte) (api.Module, error) { return e.rewritten(t.Context(), m, rewritten.resolve) }
	sides := []*side{plain, rewritten}
	for _, s := range sides {
		if s.names["registered spectest"], err = s.instantiate(spectest); err != nil {
			t.Fatal(err)
		}
	}
	for i := range script.Commands {
		c := &script.Commands[i]
		if c.ModuleType == "text" {
			continue
		}
		var got [2]string
		for k, s := range sides {
			got[k] = s.run(t, filepath.Dir(file), c)
		}
		if got[0] != got[1] {
			t.Errorf("%s:%d: %s %s: rewritten %s, original %s", filepath.Base(file), c.Line, c.Type, c.Action.Field, got[1], got[0])
		}
	}
}

// run runs a command and says what came of it.
func (s *side) run(t *testing.T, dir string, c *specCommand) string {
	t.Helper()
	module := func() (api.Module, error) {
		data, err := os.ReadFile(filepath.Join(dir, c.Filename))
		if err != nil {
			t.Fatal(err)
		}
		return s.instantiate(data)
	}
	switch c.Type {
	case "module":
		var err error
		if s.last, err = module(); err != nil {
			return "error: " + err.Error()
		}
		if c.Name != "" {
			s.names[c.Name] = s.last
		}
		return "ok"
	case "register":
		m := s.last
		if c.Name != "" {
			m = s.names[c.Name]
		}
		s.names["registered "+c.As] = m
		return "ok"
	case "assert_invalid", "assert_malformed", "assert_unlinkable", "assert_uninstantiable":
		if _, err := module(); err != nil {
			return "refused"
		}
		return "accepted"
	}
	m := s.last
	if c.Action.Module != "" {
		m = s.names[c.Action.Module]
	}
	if m == nil {
		return "no module"
	}
	if c.Action.Type == "get" {
		return fmt.Sprintf("%#x", m.ExportedGlobal(c.Action.Field).Get())
	}
	var args []uint64
	for _, v := range c.Action.Args {
		args = v.stack(args)
	}
	f := m.ExportedFunction(c.Action.Field)
	results, err := f.Call(t.Context(), args...)
	if err != nil {
		return "trap: " + trap(err)
	}
	for i, rt := range f.Definition().ResultTypes() {
		if rt == api.ValueTypeI32 || rt == api.ValueTypeF32 {
			results[i] = uint64(uint32(results[i]))
		} else if rt == api.ValueTypeExternref || core.ValType(rt) == core.V128 {
			continue
		} else if core.ValType(rt) == core.FuncRef && results[i] != 0 {
			results[i] = 1 // an address
		}
	}
	return fmt.Sprintf("%#x", results)
}
