package http

import (
	"errors"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

func tag(err error) string {
	if e, ok := errors.AsType[*HeaderError](err); ok {
		return e.Tag.String()
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}

func entries(t *testing.T, f *Fields) []string {
	t.Helper()
	es, err := f.Entries(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		out = append(out, e.V0+"="+string(e.V1))
	}
	return out
}

func TestFieldsChange(t *testing.T) {
	s := NewState(Options{})
	f, _ := s.NewFields(nil)
	for _, tt := range []struct{ op, name, value, want string }{
		{"append", "Accept", "a", "ok"},
		{"append", "accept", "b", "ok"},
		{"append", "X-Empty", "", "ok"},
		{"append", "x-high", "\xff\t~", "ok"},
		{"append", "", "a", "invalid-syntax"},
		{"append", "a b", "a", "invalid-syntax"},
		{"append", "a:", "a", "invalid-syntax"},
		{"append", "naïve", "a", "invalid-syntax"},
		{"append", "x", "a\r\nb: c", "invalid-syntax"},
		{"append", "x", "a\x00", "invalid-syntax"},
		{"append", "x", "a\x7f", "invalid-syntax"},
		{"append", "Host", "a", "forbidden"},
		{"set", "CONNECTION", "close", "forbidden"},
		{"set", "transfer-encoding", "chunked", "forbidden"},
		{"delete", "upgrade", "", "forbidden"},
		{"append", httpclient.HopHeader, "0", "forbidden"},
		{"delete", "a b", "", "invalid-syntax"},
		{"delete", "none", "", "ok"},
		{"set", "X-EMPTY", "c", "ok"},
	} {
		var err error
		switch tt.op {
		case "append":
			err = f.Append(nil, tt.name, []byte(tt.value))
		case "set":
			err = f.Set(nil, tt.name, [][]byte{[]byte(tt.value)})
		case "delete":
			err = f.Delete(nil, tt.name)
		}
		if got := tag(err); got != tt.want {
			t.Errorf("%s %q %q: %s, want %s", tt.op, tt.name, tt.value, got, tt.want)
		}
	}
	if d := cmp.Diff([]string{"Accept=a", "accept=b", "x-high=\xff\t~", "X-EMPTY=c"}, entries(t, f)); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	got, _ := f.Get(nil, "ACCEPT")
	if d := cmp.Diff([][]byte{[]byte("a"), []byte("b")}, got); d != "" {
		t.Errorf("get (-want +got):\n%s", d)
	}
	for name, want := range map[string]bool{"accept": true, "none": false, "a b": false} {
		if got, _ := f.Has(nil, name); got != want {
			t.Errorf("has(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestFieldsOwnTheirValues(t *testing.T) {
	f, _ := NewState(Options{}).NewFields(nil)
	v := []byte("abc") // a view of guest memory
	if err := f.Append(nil, "x", v); err != nil {
		t.Fatal(err)
	}
	v[0] = 'X'
	if got := entries(t, f); got[0] != "x=abc" {
		t.Errorf("field is %q after the guest's memory changed", got[0])
	}
}

func TestFieldsFromList(t *testing.T) {
	s := NewState(Options{})
	list := []component.Tuple2[FieldName, FieldValue]{{V0: "B", V1: []byte("1")}, {V0: "a", V1: nil}}
	f, err := s.FieldsFromList(nil, list)
	if d := cmp.Diff([]string{"B=1", "a="}, entries(t, f)); err != nil || d != "" {
		t.Errorf("from-list: %v, entries (-want +got):\n%s", err, d)
	}
	f.Drop(t.Context())
	_, err = s.FieldsFromList(nil, append(list, component.Tuple2[FieldName, FieldValue]{V0: "host"}))
	if tag(err) != "forbidden" || s.fields != 0 {
		t.Errorf("from-list with host: %v, and %d bytes are charged", err, s.fields)
	}
}

func TestReceivedFieldsAreImmutable(t *testing.T) {
	s := NewState(Options{})
	f := received(nethttp.Header{"B": {"1", "2"}, "A": {"3"}, "Connection": {"close"}, "Host": {"h"}, httpclient.HopHeader: {"1"}})
	if d := cmp.Diff([]string{"a=3", "b=1", "b=2"}, entries(t, f)); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	for _, err := range []error{f.Append(nil, "x", nil), f.Set(nil, "x", nil), f.Delete(nil, "x")} {
		if tag(err) != "immutable" {
			t.Errorf("change: %v, want immutable", err)
		}
	}
	c, err := f.clone(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Append(nil, "x", []byte("y")); err != nil {
		t.Errorf("append to a clone: %v", err)
	}
	if d := cmp.Diff([]string{"a=3", "b=1", "b=2"}, entries(t, f)); d != "" {
		t.Errorf("original after its clone changed (-want +got):\n%s", d)
	}
}

func TestHeaderOfMessageIsImmutable(t *testing.T) {
	s := NewState(Options{})
	f, _ := s.NewFields(nil)
	if err := f.Append(nil, "x", []byte("y")); err != nil {
		t.Fatal(err)
	}
	r, _ := s.NewOutgoingRequest(nil, f)
	h, _ := r.Headers(nil)
	if err := h.Append(nil, "a", nil); tag(err) != "immutable" {
		t.Errorf("append to a request's header: %v, want immutable", err)
	}
	h.Drop(t.Context())
	if got := entries(t, r.header); len(got) != 1 {
		t.Errorf("request's header is %q after a handle to it was dropped", got)
	}
	r.Drop(t.Context())
	if s.fields != 0 {
		t.Errorf("%d bytes are charged after everything was dropped", s.fields)
	}
}

func TestFieldsAreBounded(t *testing.T) {
	s := NewState(Options{MaxFields: 1000})
	f, _ := s.NewFields(nil)
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = f.Append(nil, "x", []byte(strings.Repeat("v", 35)))
	}
	limit, ok := errors.AsType[*component.LimitError](err)
	if !ok || limit.Max != 1000 || n != 11 {
		t.Errorf("append %d failed with %v, want a limit of 1000 bytes at the 11th", n, err)
	}
	if _, err := f.clone(s); err == nil {
		t.Error("a clone beyond the limit is made")
	}
	if err := f.Delete(nil, "X"); err != nil || s.fields != 0 {
		t.Errorf("delete: %v, and %d bytes are charged", err, s.fields)
	}
}
