package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// The module that carries wasm-tools. Nothing of it is linked in: it is fetched
// with the go command and one file is read.
const (
	toolsModule = "go.bytecodealliance.org@v0.7.0"
	toolsSum    = "h1:CTJ1eb5kFhBKHw1/xycxxz4SmVWNKXYHhrA78oLNXhY="
	toolsFile   = "internal/wasmtools/wasm-tools.wasm.gz"
)

// wasmTools is wasm-tools, compiled.
type wasmTools struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

func newWasmTools(ctx context.Context, cache string) (*wasmTools, error) {
	code, err := toolsCode(ctx)
	if err != nil {
		return nil, err
	}
	compiled, err := wazero.NewCompilationCacheWithDir(filepath.Join(cache, "oracle-wasm-tools"))
	if err != nil {
		return nil, err
	}
	config := wazero.NewRuntimeConfig().WithCompilationCache(compiled)
	t := &wasmTools{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, t.runtime); err != nil {
		return nil, err
	}
	t.module, err = t.runtime.CompileModule(ctx, code)
	return t, err
}

// toolsCode returns the code of wasm-tools, of the version that is pinned.
func toolsCode(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", toolsModule)
	cmd.Stderr = os.Stderr
	cmd.Dir = os.TempDir() // outside of any module
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download %s: %w", toolsModule, err)
	}
	var info struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &info); err != nil {
		return nil, err
	}
	if info.Sum != toolsSum {
		return nil, fmt.Errorf("module %s has the sum %s, want %s", toolsModule, info.Sum, toolsSum)
	}
	f, err := os.Open(filepath.Join(info.Dir, toolsFile))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// refusal is what wasm-tools says that it refuses something.
type refusal struct{ msg string }

func (r *refusal) Error() string { return r.msg }

// run runs wasm-tools in a file system and returns its output. The error is a
// *refusal if that is what it comes to.
func (t *wasmTools) run(ctx context.Context, files fs.FS, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	config := wazero.NewModuleConfig().WithName("").WithArgs(append([]string{"wasm-tools"}, args...)...).
		WithStdout(&stdout).WithStderr(&stderr).WithFSConfig(wazero.NewFSConfig().WithFSMount(files, "/"))
	m, err := t.runtime.InstantiateModule(ctx, t.module, config)
	if m != nil {
		defer func() { _ = m.Close(ctx) }()
	}
	var exit *sys.ExitError
	switch {
	case err == nil || errors.As(err, &exit) && exit.ExitCode() == 0:
		return stdout.Bytes(), nil
	case errors.As(err, &exit):
		return nil, &refusal{strings.TrimSpace(stderr.String())}
	default: // it panicked, which Rust says on the standard error
		return nil, &refusal{strings.TrimSpace(stderr.String() + "\n" + err.Error())}
	}
}
