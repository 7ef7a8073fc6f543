package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the assembler
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// The assembler: a program for Node, with the packages that it needs pinned by
// a lock file.
var (
	//go:embed tools/package.json
	packageJSON []byte
	//go:embed tools/package-lock.json
	packageLock []byte
	//go:embed tools/assemble.mjs
	assembler []byte
)

// assembled is the outcome for one text.
type assembled struct {
	wasm []byte
	err  string
}

// install puts the assembler into dir, unless it is there, and returns the
// directory of this version of it.
func install(ctx context.Context, dir string) (string, error) {
	sum := sha256.Sum256(packageLock)
	dir = filepath.Join(dir, "wasm-tools-"+hex.EncodeToString(sum[:6]))
	done := filepath.Join(dir, "installed")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "assemble.mjs"), assembler, 0o644); err != nil {
		return "", err
	}
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	for name, data := range map[string][]byte{"package.json": packageJSON, "package-lock.json": packageLock} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return "", err
		}
	}
	// Not "npm ci": it asks for optional packages of other platforms, some of
	// which were never published. The lock file holds for "npm install" as well.
	npm := exec.CommandContext(ctx, "npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w\n%s", err, out)
	}
	return dir, os.WriteFile(done, nil, 0o644)
}

// assemble assembles texts, all in one run of the assembler.
func assemble(ctx context.Context, dir string, texts []string) ([]assembled, error) {
	in, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	node := exec.CommandContext(ctx, "node", "assemble.mjs")
	node.Dir, node.Stdin, node.Stderr = dir, bytes.NewReader(in), os.Stderr
	// Indices must refer to what stands before them, as in the binary format.
	node.Env = append(os.Environ(), "WAST_STRICT_COMPONENT_INDICES=1")
	out, err := node.Output()
	if err != nil {
		return nil, fmt.Errorf("node assemble.mjs: %w", err)
	}
	var raw []struct{ Wasm, Error string }
	if err := json.Unmarshal(out, &raw); err != nil {
		return nil, fmt.Errorf("node assemble.mjs: %w", err)
	}
	if len(raw) != len(texts) {
		return nil, fmt.Errorf("node assemble.mjs returned %d of %d", len(raw), len(texts))
	}
	all := make([]assembled, len(raw))
	for i, r := range raw {
		all[i].err = message(r.Error)
		if all[i].wasm, err = base64.StdEncoding.DecodeString(r.Wasm); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var (
	errorLine = regexp.MustCompile(`line: (\d+)`)
	errorText = regexp.MustCompile(`Custom\("(.*?)"\)|kind: Lex\((.*?)\)`)
)

// message makes a sentence of the assembler's error.
func message(e string) string {
	m := errorText.FindStringSubmatch(e)
	if m == nil {
		return e
	}
	text := m[1] + m[2]
	if l := errorLine.FindStringSubmatch(e); l != nil {
		text += " (its line " + l[1] + ", from 0)"
	}
	return text
}
