package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// program is one program of the suite.
type program struct {
	name string // "rust/path_link"
	wasm string // the file
	spec
}

// spec is what the suite says of a program: its "legacy configuration", which is
// what all programs of preview 1 have.
type spec struct {
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"`
	Root     string            `json:"root"` // or empty: no folder
	ExitCode int               `json:"exit_code"`
	Stdout   *string           `json:"stdout"` // or nil: whatever it prints
	Stderr   *string           `json:"stderr"` // the same
}

// file returns a name for the component that is made of a program.
func (p *program) file() string { return strings.ReplaceAll(p.name, "/", "-") + ".wasm" }

// find returns the suite's programs whose names match, sorted by name.
func find(suite string, match *regexp.Regexp) ([]*program, error) {
	var programs []*program
	err := filepath.WalkDir(suite, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(file) != ".wasm" {
			return err
		}
		// LANGUAGE/testsuite/wasm32-wasip1/PROGRAM.wasm
		target := filepath.Dir(file)
		if filepath.Base(target) != "wasm32-wasip1" || filepath.Base(filepath.Dir(target)) != "testsuite" {
			return nil
		}
		language := filepath.Base(filepath.Dir(filepath.Dir(target)))
		p := &program{name: language + "/" + strings.TrimSuffix(filepath.Base(file), ".wasm"), wasm: file}
		if !match.MatchString(p.name) {
			return nil
		}
		if p.spec, err = readSpec(strings.TrimSuffix(file, ".wasm") + ".json"); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		programs = append(programs, p)
		return nil
	})
	if err == nil && len(programs) == 0 {
		err = fmt.Errorf("%q has no programs of preview 1: check out a branch of the suite that has them in binary form", suite)
	}
	slices.SortFunc(programs, func(a, b *program) int { return strings.Compare(a.name, b.name) })
	return programs, err
}

// readSpec reads a specification, or returns the default if there is no file.
// What it does not know is an error: it would not be tested.
func readSpec(file string) (spec, error) {
	var s spec
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return s, d.Decode(&s)
}
