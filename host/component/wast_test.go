package component_test

import (
	"os"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

// TestScripts runs our own scripts, which "make wast" assembles.
func TestScripts(t *testing.T) {
	list, err := os.Open("testdata/wast/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = list.Close() }()
	known, err := spectest.ReadKnown(list)
	if err != nil {
		t.Fatal(err)
	}
	report, err := spectest.Run(t.Context(), os.DirFS("testdata/wast"), &spectest.Options{Known: known, Texts: true})
	if err != nil {
		t.Fatal(err)
	}
	if passed, failed, _ := report.Count(); failed > 0 || passed < 500 {
		var b strings.Builder
		if err := report.Write(&b); err != nil {
			t.Fatal(err)
		}
		t.Error(b.String())
	}
}
