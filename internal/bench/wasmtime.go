package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Where the peer comes from: the requirements pin the package and its hash.
const (
	wasmtimeRequirements = "internal/oracle/validator/requirements.txt"
	wasmtimeSource       = "internal/bench/wasmtime/peer.c"
)

// wasmtime is the peer of that name.
type wasmtime struct {
	dir   string // where it is installed
	quick bool

	once sync.Once
	err  error
}

func (w *wasmtime) program() string { return filepath.Join(w.dir, "peer") }

// install has the library be there and the program that drives it compiled.
func (w *wasmtime) install(ctx context.Context) error {
	w.once.Do(func() { w.err = w.installed(ctx) })
	return w.err
}

func (w *wasmtime) installed(ctx context.Context) error {
	var want []byte
	for _, file := range []string{wasmtimeRequirements, wasmtimeSource} {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		want = append(want, b...)
	}
	stamp := filepath.Join(w.dir, "made-of")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return nil
	}
	compiler, err := exec.LookPath("cc")
	if err != nil {
		return fmt.Errorf("it needs a C compiler: %w", err)
	}
	if err := os.RemoveAll(w.dir); err != nil {
		return err
	}
	lib := filepath.Join(w.dir, "python")
	if err := command(ctx, "python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
		"--target", lib, "--require-hashes", "-r", wasmtimeRequirements); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(lib, "wasmtime", "*", "_libwasmtime.so"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("the package has %d libraries for this system", len(found))
	}
	if err := command(ctx, compiler, "-O2", "-o", w.program(), wasmtimeSource, found[0], "-Wl,-rpath,"+filepath.Dir(found[0])); err != nil {
		return err
	}
	return os.WriteFile(stamp, want, 0o600)
}

// command runs a command and says what it said if it fails.
func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.300s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// protections are the ways in which wasmtime can be kept from running on.
var protections = []string{"none", "epoch", "fuel"}

// run has the peer do work on a component, and returns its answers: the numbers of
// a line for each.
func (w *wasmtime) run(ctx context.Context, protection, file string, work ...string) ([][]float64, error) {
	if err := w.install(ctx); err != nil {
		return nil, err
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// Compiled code is kept, as ours is.
	code := filepath.Join(w.dir, fmt.Sprintf("%x-%s", sha256.Sum256(wasm), protection))
	args := []string{"-c", code, protection, file}
	if w.quick {
		args = slices.Insert(args, 0, "-q")
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, w.program(), append(args, work...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %.300s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var answers [][]float64
	for line := range strings.Lines(string(out)) {
		var numbers []float64
		for word := range strings.FieldsSeq(line) {
			v, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, v)
		}
		answers = append(answers, numbers)
	}
	if len(answers) != len(work) {
		return nil, fmt.Errorf("%d answers to %d questions", len(answers), len(work))
	}
	return answers, nil
}

// peer returns what a piece of work costs that the row counts so many times.
func (w *wasmtime) peer(ctx context.Context, protection, file, work string, times float64) peer {
	name := "wasmtime"
	if protection != "none" {
		name += "+" + protection
	}
	answers, err := w.run(ctx, protection, file, work)
	if err != nil {
		return peer{Name: name, Skipped: err.Error()}
	}
	return peer{Name: name, Value: answers[0][0] / times}
}
