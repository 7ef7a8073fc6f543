package spectest_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

func TestReadKnown(t *testing.T) {
	got, err := spectest.ReadKnown(strings.NewReader(`
# a comment
a/b.wast # all of it
c.wast:12 # one # line
c.wast:12-14 assert_trap # some
`))
	want := []spectest.Known{
		{Source: "a/b.wast", Reason: "all of it"},
		{Source: "c.wast", First: 12, Last: 12, Reason: "one # line"},
		{Source: "c.wast", First: 12, Last: 14, Kind: spectest.KindTrap, Reason: "some"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v; -want +got\n%s", err, diff)
	}
	for _, bad := range []string{"a.wast", "a.wast #", "a.wast:0 # r", "a.wast:x # r", "a.wast:5-4 # r", "a.wast b c # r", "# ok\n:1-"} {
		if got, err := spectest.ReadKnown(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

// script is a script over a component of our own, with a case of each outcome.
const script = `{"source": "x.wast", "commands": [
	{"kind": "component", "line": 1, "file": "flat.wasm"},
	{"kind": "assert_return", "line": 2, "call": {"func": "sum", "args": [{"type": "u32", "text": "4"}]}, "want": [{"type": "u64", "text": "10"}]},
	{"kind": "assert_return", "line": 3, "call": {"func": "sum", "args": [{"type": "u32", "text": "4"}]}, "want": [{"type": "u64", "text": "11"}]},
	{"kind": "assert_return", "line": 4, "call": {"func": "sum", "args": [{"type": "u32", "text": "4"}]}},
	{"kind": "assert_trap", "line": 5, "reason": "unreachable", "call": {"func": "sum", "args": [{"type": "u32", "text": "4"}]}},
	{"kind": "assert_invalid", "line": 6, "reason": "x", "file": "flat.wasm"},
	{"kind": "assert_malformed", "line": 7, "reason": "of which 62 are there", "file": "cut.wasm"},
	{"kind": "assert_unlinkable", "line": 8, "reason": "x", "file": "cut.wasm"},
	{"kind": "invoke", "line": 9, "call": {"func": "none"}},
	{"kind": "invoke", "line": 10, "call": {"instance": "$none", "func": "sum"}},
	{"kind": "register", "line": 11, "as": "x"},
	{"kind": "component", "line": 12, "fault": "is no text"}
]}`

func TestRun(t *testing.T) {
	flat, err := os.ReadFile("../testdata/flat.wasm")
	if err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{
		"a/x.json":    {Data: []byte(script)},
		"a/flat.wasm": {Data: flat},
		"a/cut.wasm":  {Data: flat[:len(flat)-1]},
	}
	known := []spectest.Known{
		{Source: "x.wast", First: 3, Last: 4, Reason: "known"},
		{Source: "x.wast", First: 2, Last: 2, Reason: "stale"},
		{Source: "x.wast", Kind: spectest.KindMalformed, Reason: "stale too"},
		{Source: "y.wast", Reason: "no such script"},
	}
	report, err := spectest.Run(t.Context(), dir, &spectest.Options{Known: known, Texts: true})
	if err != nil {
		t.Fatal(err)
	}
	var failed, skipped []int
	for _, c := range report.Cases {
		switch {
		case c.Known != nil:
			skipped = append(skipped, c.Line)
		case c.Err != nil:
			failed = append(failed, c.Line)
		}
	}
	if diff := cmp.Diff([]int{5, 6, 8, 9, 10, 11, 12}, failed); diff != "" {
		t.Errorf("failed: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]int{3, 4}, skipped); diff != "" {
		t.Errorf("skipped: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(known[1:], report.Stale); diff != "" {
		t.Errorf("stale: -want +got\n%s", diff)
	}
	var b strings.Builder
	if err := report.Write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "\n3 passed, 10 failed, 2 skipped\n"; !strings.HasSuffix(b.String(), want) || report.OK() {
		t.Errorf("the report ends otherwise than %q:\n%s", want, b.String())
	}
}
