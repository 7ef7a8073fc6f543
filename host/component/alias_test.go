package component_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
)

// An interface is offered under other names too, once each.
func TestAlias(t *testing.T) {
	var l component.Linker
	r := &component.HostResource{Interface: "a:b/c", Name: "r"}
	err := l.Define(component.HostInterface{
		ID: "a:b/c", Version: "1.0.0", Resources: []*component.HostResource{r},
		Funcs: []component.HostFunc{{Name: "f", Signature: "func() -> own<a:b/c.r>"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, also := range []string{"a:b/c@0.1.0-draft", "a:b/c", "a:b/older@0.1.0"} {
		if err := l.Alias("a:b/c@1.0.0", also); err != nil {
			t.Errorf("alias %q: %v", also, err)
		}
	}
	want := []string{"a:b/c@1.0.0", "a:b/c@0.1.0-draft", "a:b/c", "a:b/older@0.1.0"}
	if diff := cmp.Diff(want, l.Interfaces()); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
	for _, test := range [][2]string{{"a:b/none@1.0.0", "a:b/d"}, {"a:b/c@1.0.0", "a:b/c@1.2.0"}, {"a:b/c@1.0.0", "a:b/c"}, {"a:b/c@1.0.0", "nothing"}} {
		if err := l.Alias(test[0], test[1]); err == nil {
			t.Errorf("%q is offered as %q", test[0], test[1])
		}
	}
}
