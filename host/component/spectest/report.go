package spectest

import (
	"fmt"
	"io"
)

// Case is a command of a script with its outcome.
type Case struct {
	Source string
	Line   int
	Kind   Kind
	// Err is why it failed, nil when it passed.
	Err error
	// Known is the entry that lists it, if it failed and one does.
	Known *Known
}

// Report is the outcome of a run.
type Report struct {
	Cases []Case
	// Stale are the entries of the known failures of which nothing failed.
	Stale []Known
}

// Count returns how many cases passed, failed and were skipped, which means
// that they failed as the list of known failures says. A stale entry of that
// list is a failure.
func (r *Report) Count() (passed, failed, skipped int) {
	for i := range r.Cases {
		switch c := &r.Cases[i]; {
		case c.Err == nil:
			passed++
		case c.Known != nil:
			skipped++
		default:
			failed++
		}
	}
	return passed, failed + len(r.Stale), skipped
}

// OK says whether nothing failed.
func (r *Report) OK() bool {
	_, failed, _ := r.Count()
	return failed == 0
}

// Write writes the failures, a table of the kinds of case, and as the last line
// the count of all.
func (r *Report) Write(w io.Writer) error {
	kinds := []Kind{
		KindComponent, KindDefinition, KindInstance, KindRegister, KindInvoke, KindReturn,
		KindTrap, KindInvalid, KindMalformed, KindUnlinkable,
	}
	p := printer{w: w}
	by := map[Kind]*Report{}
	for _, k := range kinds {
		by[k] = &Report{}
	}
	for _, c := range r.Cases {
		if c.Err != nil && c.Known == nil {
			p.printf("FAIL %s:%d: %s: %v\n", c.Source, c.Line, c.Kind, c.Err)
		}
		if by[c.Kind] == nil {
			by[c.Kind], kinds = &Report{}, append(kinds, c.Kind)
		}
		by[c.Kind].Cases = append(by[c.Kind].Cases, c)
	}
	for _, k := range r.Stale {
		p.printf("FAIL %s: listed as a known failure, but nothing of it fails: remove the entry\n", k.String())
	}
	p.printf("%-18s %7s %7s %7s\n", "", "passed", "failed", "skipped")
	for _, k := range kinds {
		if len(by[k].Cases) > 0 {
			passed, failed, skipped := by[k].Count()
			p.printf("%-18s %7d %7d %7d\n", k, passed, failed, skipped)
		}
	}
	passed, failed, skipped := r.Count()
	p.printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return p.err
}

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
