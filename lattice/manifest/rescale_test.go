package manifest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
)

func TestRescale(t *testing.T) {
	texts := good(t)
	for _, test := range []struct {
		file, component string
		// changes are what is replaced in the text, each in one place. None is an error.
		changes []string
	}{
		{"weather.yaml", "weather tools", []string{"replicas: 20", "replicas: 7", "version: v1.0.0", "version: v9"}},
		{"traits.yaml", "stock", []string{"instances: 4", "instances: 7"}},
		{"legacy.json", "echo", []string{`"instances": 0`, `"instances": 7`, `"version": "0.1"`, `"version": "v9"`}},
		{"anchors.yaml", "one", nil},     // the alias would change as well
		{"anchors.yaml", "two", nil},     // likewise
		{"anchors.yaml", "three", nil},   // has no scaler
		{"traits.yaml", "nobody", nil},   // is not there
		{"weather.yaml", "kv", nil},      // is no component
		{"weather.yaml", "login", nil},   // is scaled elsewhere
		{"weather.yaml", "unknown", nil}, // is not there
	} {
		text := string(texts["testdata/good/"+test.file])
		m, err := manifest.Parse(test.file, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		next, got, err := m.Rescale(text, test.component, 7, "v9")
		if test.changes == nil {
			if !errors.Is(err, lattice.ErrInvalid) {
				t.Errorf("%s %q: Rescale: %v, want ErrInvalid", test.file, test.component, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %q: Rescale: %v", test.file, test.component, err)
			continue
		}
		want := strings.NewReplacer(test.changes...).Replace(text)
		if got != want {
			t.Errorf("%s %q: Rescale =\n%s\nwant\n%s", test.file, test.component, got, want)
		}
		for _, c := range next.Components {
			if c.Name == test.component && c.Rules.Instances != 7 {
				t.Errorf("%s %q: %d instances", test.file, test.component, c.Rules.Instances)
			}
		}
	}
}
