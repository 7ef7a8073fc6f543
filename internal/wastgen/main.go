// Command wastgen turns WebAssembly text into what Go tests can read without a
// WebAssembly assembler.
//
//	wastgen suite -o OUT DIR   every .wast below DIR into OUT: a .json of the
//	                           form of host/component/spectest for each, with
//	                           its components beside it
//	wastgen wat FILE.wat…      each .wat into a .wasm beside it
//
// The text of each component goes to the wasm-tools that the jco project
// publishes for Node; everything else in a .wast file, that is the commands,
// the assertions and the values, is read here. The first run installs that
// package, pinned by a lock file, below the directory of the flag -cache, so
// that node and npm are needed. What is generated is the same on every machine.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "wastgen:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

var errUsage = errors.New("usage: wastgen suite [-cache DIR] -o OUT DIR, or wastgen wat [-cache DIR] FILE.wat…")

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	cache := flags.String("cache", ".cache", "where the assembler is installed")
	out := flags.String("o", "", "where a suite is written")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch {
	case args[0] == "suite" && flags.NArg() == 1 && *out != "":
		return suite(ctx, *cache, flags.Arg(0), *out)
	case args[0] == "wat" && flags.NArg() > 0:
		return wat(ctx, *cache, flags.Args())
	}
	return errUsage
}

// wat assembles files.
func wat(ctx context.Context, cache string, files []string) error {
	texts := make([]string, len(files))
	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if filepath.Ext(f) != ".wat" {
			return fmt.Errorf("%q is not a .wat file", f)
		}
		texts[i] = string(b)
	}
	dir, err := install(ctx, cache)
	if err != nil {
		return err
	}
	outs, err := assemble(ctx, dir, texts)
	if err != nil {
		return err
	}
	var errs []error
	for i, o := range outs {
		if o.err != "" {
			errs = append(errs, fmt.Errorf("%s: %s", files[i], o.err))
			continue
		}
		errs = append(errs, os.WriteFile(strings.TrimSuffix(files[i], ".wat")+".wasm", o.wasm, 0o644))
	}
	return errors.Join(errs...)
}

// suite converts the .wast files below a directory.
func suite(ctx context.Context, cache, dir, out string) error {
	var scripts []*script
	var texts []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".wast" {
			return err
		}
		src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		s, err := split(name, string(src))
		if err != nil {
			return err
		}
		scripts = append(scripts, s)
		texts = append(texts, s.texts...)
		return nil
	})
	if err != nil {
		return err
	}
	if len(scripts) == 0 {
		return fmt.Errorf("there is no .wast file in %q", dir)
	}
	tools, err := install(ctx, cache)
	if err != nil {
		return err
	}
	outs, err := assemble(ctx, tools, texts)
	if err != nil {
		return err
	}
	textOnly := 0
	for _, s := range scripts {
		if err := s.write(out, outs[:len(s.texts)]); err != nil {
			return err
		}
		outs = outs[len(s.texts):]
		textOnly += s.textOnly
	}
	fmt.Printf("wastgen: %d scripts, %d components; %d assertions about the text format itself left out\n", len(scripts), len(texts), textOnly)
	return nil
}

// write puts the script and its components below dir.
func (s *script) write(dir string, outs []assembled) error {
	base := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(s.Source, ".wast")))
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return err
	}
	stale, err := filepath.Glob(base + ".*.wasm")
	if err != nil {
		return err
	}
	for _, f := range stale {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	drop := map[int]bool{}
	for i, o := range outs {
		c := &s.Commands[s.owners[i]]
		if o.err != "" {
			if c.Kind == spectest.KindInvalid || c.Kind == spectest.KindMalformed {
				// There is no binary of it: it is the text that is wrong.
				drop[s.owners[i]] = true
				s.textOnly++
			}
			c.Fault = o.err
			continue
		}
		name := fmt.Sprintf("%s.%d.wasm", base, i)
		c.File = filepath.Base(name)
		if err := os.WriteFile(name, o.wasm, 0o644); err != nil {
			return err
		}
	}
	kept := s.Commands[:0]
	for i, c := range s.Commands {
		if !drop[i] {
			kept = append(kept, c)
		}
	}
	s.Commands = kept
	b, err := json.MarshalIndent(s.Script, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(base+".json", append(b, '\n'), 0o644)
}
