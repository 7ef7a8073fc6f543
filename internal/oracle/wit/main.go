package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit/compat"
	"github.com/wattle-dev/wattle/wit/syntax"
	"github.com/wattle-dev/wattle/wit/witjson"
)

func main() {
	cache := flag.String("cache", ".cache", "the `directory` for what is installed")
	deps := flag.String("deps", "../../wit/deps/wasi", "the `directory` of the packages that others depend on")
	broken := flag.String("broken", "../../wit/syntax/testdata/*.wit", "the `files` of texts right and wrong")
	generated := flag.Uint64("generated", 500, "the `number` of packages that are made by chance")
	mutants := flag.Uint64("mutants", 4000, "the `number` of texts that are wrong in places")
	seed := flag.Uint64("seed", 1, "the seed")
	flag.Parse()
	ctx := context.Background()
	if err := run(ctx, *cache, *deps, *broken, *seed, *generated, *mutants, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "wit:", err)
		os.Exit(1)
	}
}

// mutated is the row of the texts that are wrong in places.
const mutated = "mutants"

// oracle compares the two sides and keeps count.
type oracle struct {
	tools  *wasmTools
	known  []*known
	rows   []string
	tally  map[string]*tally
	differ map[string]*difference
}

// tally counts what became of the subjects of one kind.
type tally struct{ same, refused, listed, differ int }

// difference is a class of differences that is not listed.
type difference struct {
	n       int
	example string
}

func (o *oracle) row(name string) *tally {
	if o.tally[name] == nil {
		o.tally[name] = &tally{}
		o.rows = append(o.rows, name)
	}
	return o.tally[name]
}

// differs notes a difference, unless it is known.
func (o *oracle) differs(row, what, ours, theirs, example string) {
	t := o.row(row)
	if explained(o.known, what, ours, theirs) {
		t.listed++
		return
	}
	t.differ++
	key := what + " | " + ours + " | " + theirs
	if o.differ[key] == nil {
		o.differ[key] = &difference{example: example}
	}
	o.differ[key].n++
}

// model compares the models of a subject, and its verdicts.
func (o *oracle) model(ctx context.Context, row string, s *subject) {
	args := []string{"component", "wit", "--json", "--all-features", cmp.Or(s.component, root)}
	theirs, theirErr := o.tools.run(ctx, s.files, args...)
	ours, ourErr := o.ours(s)
	if (theirErr == nil) != (ourErr == nil) || errors.Is(ourErr, errPanic) {
		o.differs(row, "verdict", classOf(ourErr), classOf(theirErr), fmt.Sprintf("%s\n  ours:   %v\n  theirs: %v\n%s", s.name, ourErr, theirErr, s.excerpt()))
		return
	}
	if ourErr != nil {
		o.row(row).refused++
		return
	}
	// Where comments have been moved to any place, they are not compared.
	docs := row != mutated
	got, err := lines(ours, docs)
	want, err2 := lines(theirs, docs)
	if err := errors.Join(err, err2); err != nil {
		o.differs(row, "json", err.Error(), "", s.name)
		return
	}
	if slices.Equal(got, want) {
		o.row(row).same++
		return
	}
	onlyOurs, onlyTheirs := without(got, want), without(want, got)
	o.differs(row, "model", strings.Join(onlyOurs, "\n"), strings.Join(onlyTheirs, "\n"), s.name+"\n"+s.excerpt())
}

// without returns the lines of a that are not in b.
func without(a, b []string) []string {
	have := map[string]bool{}
	for _, l := range b {
		have[l] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(l string) bool { return have[l] })
}

func (o *oracle) ours(s *subject) ([]byte, error) {
	if s.component == "" {
		return ourText(s.files)
	}
	w, err := ourWorld(s.files[s.component].Data)
	if err != nil {
		return nil, err
	}
	return witjson.Marshal(w.Packages()...), nil
}

// maxExcerpt bounds the text that is shown with a difference.
const maxExcerpt = 4 << 10

func (s *subject) excerpt() string {
	if f := s.files[root+"/a.wit"]; f != nil && len(f.Data) < maxExcerpt {
		return "  text:\n" + string(f.Data)
	}
	return ""
}

// targets compares what is said of whether components fit worlds.
func (o *oracle) targets(ctx context.Context, components, packages []*subject) {
	for _, p := range packages {
		set, err := syntax.Load(p.files, root, &syntax.Options{AllFeatures: true})
		if err != nil || set.Root == nil {
			continue
		}
		for _, w := range set.Root.Worlds {
			for _, c := range components {
				has, err := ourWorld(c.files[c.component].Data)
				if err != nil {
					continue
				}
				files := maps.Clone(p.files)
				files[c.component] = c.files[c.component]
				_, theirErr := o.tools.run(ctx, files, "component", "targets", "--all-features", "--world", w.ID.Name, root, c.component)
				fits := compat.Targets(has, w).OK()
				if fits == (theirErr == nil) {
					if fits {
						o.row("targets").same++
					} else {
						o.row("targets").refused++
					}
					continue
				}
				ours := accepted
				if !fits {
					ours = "refused"
				}
				o.differs("targets", "targets", ours, classOf(theirErr), fmt.Sprintf("%s for %s of %s: %v", c.name, w.ID, p.name, theirErr))
			}
		}
	}
}

func run(ctx context.Context, cache, deps, broken string, seed, generated, mutants uint64, dirs []string) error {
	all, err := readKnown(knownText)
	if err != nil {
		return err
	}
	subs, err := subjects(dirs, deps)
	if err != nil {
		return err
	}
	texts, err := cases(broken)
	if err != nil {
		return err
	}
	tools, err := newWasmTools(ctx, cache)
	if err != nil {
		return err
	}
	o := &oracle{tools: tools, known: all, tally: map[string]*tally{}, differ: map[string]*difference{}}
	var components, packages []*subject
	for _, s := range subs {
		if s.component != "" {
			components = append(components, s)
			o.model(ctx, "components", s)
			continue
		}
		packages = append(packages, s)
		o.model(ctx, "texts", s)
	}
	for _, s := range texts {
		o.model(ctx, "parser's cases", s)
	}
	for i := range generated {
		o.model(ctx, "generated", generate(seed, i))
	}
	o.targets(ctx, components, packages)
	for i := range mutants {
		o.model(ctx, mutated, mutant(texts, seed, i))
	}
	return o.report(seed)
}

// mutant returns the mutant with a number.
func mutant(texts []*subject, seed, number uint64) *subject {
	rng := rand.New(rand.NewPCG(seed, 1<<32+number))
	s := texts[rng.IntN(len(texts))]
	if rng.IntN(4) > 0 {
		s = generate(seed, rng.Uint64N(200))
	}
	other := texts[rng.IntN(len(texts))]
	out, how := mutate(rng, string(s.files[root+"/a.wit"].Data), string(other.files[root+"/a.wit"].Data))
	m := text(fmt.Sprintf("mutant %d of %s: %s", number, s.name, how), out)
	for name, f := range s.files {
		if m.files[name] == nil {
			m.files[name] = f
		}
	}
	return m
}

func (o *oracle) report(seed uint64) error {
	// Those that occur most first.
	keys := slices.SortedFunc(maps.Keys(o.differ), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.differ[b].n, o.differ[a].n), strings.Compare(a, b))
	})
	for _, key := range keys {
		fmt.Printf("not listed, %d times: %s\n  %s\n\n", o.differ[key].n, key, o.differ[key].example)
	}
	for _, k := range o.known {
		if k.n == 0 {
			fmt.Printf("known.txt:%d did not occur\n", k.line)
		}
	}
	fmt.Printf("\nseed %d\n%-16s%8s%14s%10s%12s\n", seed, "", "same", "both refuse", "listed", "not listed")
	differ := 0
	for _, name := range o.rows {
		t := o.tally[name]
		differ += t.differ
		fmt.Printf("%-16s%8d%14d%10d%12d\n", name, t.same, t.refused, t.listed, t.differ)
	}
	if differ > 0 {
		return fmt.Errorf("%d differences are not listed in known.txt", differ)
	}
	return nil
}
