package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/wattle-dev/wattle/internal/oracle/python"
)

//go:embed canonical_abi.py
var script string

// answerTime is what the oracle has for one case.
const answerTime = 60 * time.Second

func main() {
	n := flag.Uint64("n", 30_000, "the `number` of cases")
	seed := flag.Uint64("seed", 1, "the seed of the cases")
	first := flag.Uint64("first", 0, "the `number` of the first case")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: abi [flags] DEFINITIONS.PY\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *seed, *first, *n); err != nil {
		fmt.Fprintln(os.Stderr, "abi:", err)
		os.Exit(1)
	}
}

// maxShown bounds the differences that are shown.
const maxShown = 20

func run(ctx context.Context, definitions string, seed, first, n uint64) error {
	if _, err := os.Stat(definitions); err != nil {
		return err
	}
	interpreter, err := python.Environment(ctx, "", "")
	if err != nil {
		return err
	}
	oracle := python.New(answerTime, interpreter, "-c", script, definitions)
	defer oracle.Close()
	fmt.Printf("seed %d, cases %d to %d\n", seed, first, first+n-1)
	tallies := map[kind]*tally{}
	differ := 0
	for i := first; i < first+n; i++ {
		c, err := newCase(seed, i)
		if err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
		q, err := c.question()
		if err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
		text, err := oracle.Ask(q)
		if err != nil {
			return fmt.Errorf("case %d: %s: %w", i, c, err)
		}
		t := tallies[c.kind]
		if t == nil {
			t = &tally{}
			tallies[c.kind] = t
		}
		if err := c.compare(text, t); err != nil {
			t.differ++
			if differ++; differ <= maxShown {
				fmt.Printf("case %d: %s\n   %v\n", i, c, err)
			}
		}
	}
	fmt.Printf("\n%-12s%10s%12s%10s%12s%12s%10s\n", "memory", "lifted", "lift traps", "lowered", "lower traps", "over limits", "differ")
	for _, k := range []kind{proper, corrupted, anything, texts} {
		if t := tallies[k]; t != nil {
			fmt.Printf("%-12s%10d%12d%10d%12d%12d%10d\n", k, t.lifted, t.liftTraps, t.moved, t.moveTraps, t.tooLarge, t.differ)
		}
	}
	if differ > 0 {
		return errors.New("some cases differ")
	}
	return nil
}
