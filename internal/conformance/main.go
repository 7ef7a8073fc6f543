// Command conformance runs the Component Model's reference tests, in the form
// that internal/wastgen gives them, and prints what failed, a table, and as its
// last line the count: "N passed, N failed, N skipped". Skipped are the known
// failures, listed with their reasons in known.txt.
//
//	conformance [-known FILE] [-texts] DIR
package main

import (
	"context"
	_ "embed" // the known failures
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

//go:embed known.txt
var known string

var errFailed = errors.New("the tests failed")

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	list := flags.String("known", "", "a list of known failures in place of the one for the Component Model's suite")
	texts := flags.Bool("texts", false, "compare the texts of traps and refusals too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: conformance [-known FILE] [-texts] DIR")
	}
	if *list != "" {
		b, err := os.ReadFile(*list)
		if err != nil {
			return err
		}
		known = string(b)
	}
	entries, err := spectest.ReadKnown(strings.NewReader(known))
	if err != nil {
		return err
	}
	report, err := spectest.Run(ctx, os.DirFS(flags.Arg(0)), &spectest.Options{Known: entries, Texts: *texts})
	if err != nil {
		return err
	}
	if err := report.Write(out); err != nil {
		return err
	}
	if !report.OK() {
		return errFailed
	}
	return nil
}
