package capability

import (
	"errors"
	"strings"
	"testing"
)

// TestKeys: the keys that are shown are those that are read.
func TestKeys(t *testing.T) {
	example := strings.NewReplacer("NAME@RULE", "x@https://a.example/", "NAME", "x", "PATH", "a")
	for _, k := range All() {
		if k.check == nil || len(k.Keys()) == 0 {
			if k.Name != HTTPServer {
				t.Errorf("%s: no keys are shown", k.Name)
			}
			continue
		}
		for _, key := range k.Keys() {
			name := example.Replace(key.Name)
			var e *Error
			if !errors.As(k.check(&Config{Values: map[string]string{name: "\x00"}}), &e) {
				continue
			}
			for _, f := range e.Faults {
				if f.Key == name && strings.HasPrefix(f.Reason, "unknown key") {
					t.Errorf("%s: key %q is shown, and not read", k.Name, name)
				}
			}
		}
		// And the example, which is shown beside them, has none that is not among them.
		for _, line := range k.Example {
			name, _, _ := strings.Cut(line, ": ")
			shown := strings.HasPrefix(name, "/")
			for _, key := range k.Keys() {
				shown = shown || key.Name == name
			}
			if !shown {
				t.Errorf("%s: key %q of the example is not among those that are shown", k.Name, name)
			}
		}
	}
}
