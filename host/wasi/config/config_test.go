package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/config"
)

func TestStore(t *testing.T) {
	s := config.NewState(config.Options{Values: map[string]string{"b": "", "a": "1"}})
	for key, want := range map[string]component.Option[string]{
		"a": component.Some("1"),
		"b": component.Some(""),
		"c": {},
		"":  {},
	} {
		if got, err := s.Get(nil, key); got != want || err != nil {
			t.Errorf("get %q = %v, %v, want %v", key, got, err, want)
		}
	}
	got, err := s.GetAll(nil)
	want := []component.Tuple2[string, string]{{V0: "a", V1: "1"}, {V0: "b"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("get-all: %v (-want +got):\n%s", err, diff)
	}
	if got, err := config.NewState(config.Options{}).GetAll(nil); len(got) != 0 || err != nil {
		t.Errorf("get-all of nothing = %v, %v", got, err)
	}
}

// Every published name of the interface is served.
func TestDefine(t *testing.T) {
	var l component.Linker
	if err := config.Define(&l); err != nil {
		t.Fatal(err)
	}
	want := []string{"wasi:config/runtime@0.2.0-draft", "wasi:config/store@0.2.0-rc.1", "wasi:config/store@0.2.0-draft"}
	if diff := cmp.Diff(want, l.Interfaces()); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
}
