package core_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// goProgram uses what a Go program can: goroutines, maps, sorting, a recovered
// trap of the language, and an exit code.
const goProgram = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
)

func crash() {
	defer func() { fmt.Println("recovered:", recover()) }()
	var m map[string]int
	m["x"]++
}

func main() {
	counts := map[string]int{}
	for _, w := range strings.Fields(strings.Repeat("the quick brown fox jumps over the lazy dog ", 500)) {
		counts[w]++
	}
	b, err := json.Marshal(counts)
	fmt.Println(string(b), err, os.Args)
	var wg sync.WaitGroup
	sums := make([]float64, 4)
	for i := range sums {
		wg.Go(func() {
			for k := range 10000 {
				sums[i] += float64(k*i) / 3
			}
		})
	}
	wg.Wait()
	sort.Float64s(sums)
	fmt.Println(sums)
	crash()
	os.Exit(7)
}
`

// goModule compiles a Go program for WASI.
func goModule(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": goProgram, "go.mod": "module guest\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "guest.wasm", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	module, err := os.ReadFile(filepath.Join(dir, "guest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// TestGo runs a Go program both ways.
func TestGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and compiles a Go program")
	}
	module := goModule(t)
	type outcome struct {
		stdout string
		exit   uint32
	}
	run := func(instantiate func(*engine, func(string) api.Module) (api.Module, error)) outcome {
		e := newEngine(t)
		host, err := wasi_snapshot_preview1.NewBuilder(e).Compile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wasi, err := e.InstantiateModule(t.Context(), host, wazero.NewModuleConfig().WithName(""))
		if err != nil {
			t.Fatal(err)
		}
		var stdout bytes.Buffer
		e.config = e.config.WithStdout(&stdout).WithStderr(t.Output()).WithArgs("guest", "arg")
		e.refill = func(int64) int64 { return 1_000_000 }
		inst, err := instantiate(e, func(string) api.Module { return wasi })
		if err != nil {
			t.Fatal(err)
		}
		_, err = inst.ExportedFunction("_start").Call(t.Context())
		var exit *sys.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("guest ended with %v, want an exit code", err)
		}
		return outcome{stdout.String(), exit.ExitCode()}
	}
	want := run(func(e *engine, resolve func(string) api.Module) (api.Module, error) {
		return e.plain(t.Context(), module, resolve)
	})
	got := run(func(e *engine, resolve func(string) api.Module) (api.Module, error) {
		return e.rewritten(t.Context(), module, resolve)
	})
	if got != want {
		t.Errorf("rewritten program: %+v\noriginal: %+v", got, want)
	}
	if want.exit != 7 || !strings.Contains(want.stdout, "recovered: assignment to entry in nil map") {
		t.Errorf("original program: %+v", want)
	}
}
