package main

import (
	"cmp"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/oracle/encode"
	"github.com/wattle-dev/wattle/internal/oracle/mutant"
	"github.com/wattle-dev/wattle/internal/oracle/python"
)

//go:embed wasmtime_oracle.py
var script string

// maxSource bounds the components of the corpus: wasmtime compiles each mutant.
const maxSource = 64 << 10

// answerTime is what wasmtime has to judge one mutant.
const answerTime = 60 * time.Second

func main() {
	cache := flag.String("cache", ".cache", "the `directory` for what is installed")
	requirements := flag.String("requirements", "validator/requirements.txt", "the `file` that names the oracle's packages with their hashes")
	n := flag.Uint64("n", 10_000, "the `number` of mutants")
	seed := flag.Uint64("seed", 1, "the seed of the mutants")
	first := flag.Uint64("first", 0, "the `number` of the first mutant")
	save := flag.String("save", "", "a `directory` for an example of each disagreement that is not listed")
	flag.Parse()
	if err := run(context.Background(), *cache, *requirements, *save, *seed, *first, *n, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "validator:", err)
		os.Exit(1)
	}
}

// sources reads the components of directories and files.
func sources(paths []string) ([]mutant.Source, error) {
	var out []mutant.Source
	for _, top := range paths {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "node_modules":
				return fs.SkipDir
			case d.IsDir() || filepath.Ext(path) != ".wasm":
				return nil
			}
			info, err := d.Info()
			if err != nil || info.Size() > maxSource {
				return err
			}
			wasm, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out = append(out, mutant.Source{Name: filepath.Base(path), Wasm: wasm})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// example is the first mutant of a class of disagreement.
type example struct {
	number       uint64
	how          string
	wasm         []byte
	ours, theirs judgement
	n            int
}

// tally counts how the two judged.
type tally struct {
	both, neither, onlyOurs, onlyTheirs int
	listed, unlisted                    int
	decoded, silent                     int
}

func run(ctx context.Context, cache, requirements, save string, seed, first, n uint64, paths []string) error {
	all, err := readKnown(knownText)
	if err != nil {
		return err
	}
	srcs, err := sources(paths)
	if err != nil {
		return err
	}
	us := newWattle(ctx)
	for i := range srcs {
		srcs[i].Valid = us.judge(ctx, srcs[i].Wasm).code == accepted
	}
	corpus := mutant.New(srcs)
	total, decoded, valid := corpus.Len()
	if decoded == 0 {
		return fmt.Errorf("no components in %q", paths)
	}
	interpreter, err := python.Environment(ctx, filepath.Join(cache, "oracle-wasmtime"), requirements)
	if err != nil {
		return err
	}
	oracle := python.New(answerTime, interpreter, "-c", script)
	defer oracle.Close()
	about, err := oracle.Ask(nil)
	if err != nil {
		return fmt.Errorf("wasmtime does not start: %w", err)
	}
	fmt.Printf("%s\ncorpus of %d components, %d of which can be decoded, %d are valid; seed %d, mutants %d to %d\n",
		about, total, decoded, valid, seed, first, first+n-1)

	var t tally
	classes := map[string]*example{}
	for i := first; i < first+n; i++ {
		wasm, how := corpus.Mutant(seed, i)
		ours := us.judge(ctx, wasm)
		if ours.decoded {
			t.decoded++
		}
		answer, err := oracle.Ask(encode.Wrap(wasm))
		if err != nil {
			t.silent++
			fmt.Printf("mutant %d (%s): %v\n", i, how, err)
			continue
		}
		theirs := wasmtime(string(answer))
		if !t.count(all, ours, theirs) {
			key := class(ours, theirs)
			if classes[key] == nil {
				classes[key] = &example{number: i, how: how, wasm: wasm, ours: ours, theirs: theirs}
			}
			classes[key].n++
		}
	}
	if err := report(classes, save); err != nil {
		return err
	}
	for _, k := range all {
		if k.n == 0 {
			fmt.Printf("known.txt:%d did not occur\n", k.line)
		}
	}
	t.print(n)
	if t.unlisted > 0 {
		return fmt.Errorf("%d disagreements are not listed in known.txt", t.unlisted)
	}
	return nil
}

// count counts a pair of judgements and reports whether they agree or their
// disagreement is known.
func (t *tally) count(all []*known, ours, theirs judgement) bool {
	switch us, them := ours.code == accepted, theirs.code == accepted; {
	case us && them:
		t.both++
		return true
	case !us && !them:
		t.neither++
		return true
	case us:
		t.onlyOurs++
	default:
		t.onlyTheirs++
	}
	if k := find(all, ours, theirs); k != nil {
		k.n++
		t.listed++
		return true
	}
	t.unlisted++
	return false
}

// report says what is not listed, and saves examples.
func report(classes map[string]*example, save string) error {
	keys := slices.SortedFunc(maps.Keys(classes), func(a, b string) int { return cmp.Compare(classes[b].n, classes[a].n) })
	for _, key := range keys {
		e := classes[key]
		fmt.Printf("\nnot listed, %d times: %s\n  mutant %d: %s\n  ours:   %s\n  theirs: %s\n",
			e.n, key, e.number, e.how, cmp.Or(e.ours.msg, accepted), cmp.Or(e.theirs.msg, accepted))
		if save == "" {
			continue
		}
		name := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, key)
		file := filepath.Join(save, fmt.Sprintf("%.80s-%d.wasm", name, e.number))
		if err := os.WriteFile(file, e.wasm, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) print(n uint64) {
	fmt.Println()
	for _, row := range []struct {
		what string
		n    int
	}{
		{"mutants", int(n)},
		{"decoded", t.decoded},
		{"both accept", t.both},
		{"both refuse", t.neither},
		{"only Wattle accepts", t.onlyOurs},
		{"only wasmtime accepts", t.onlyTheirs},
		{"of these listed", t.listed},
		{"of these not listed", t.unlisted},
		{"wasmtime fell", t.silent},
	} {
		fmt.Printf("%-24s%7d\n", row.what, row.n)
	}
}
