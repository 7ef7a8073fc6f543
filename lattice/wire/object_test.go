package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// order is an object by package encoding/json.
type order struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Parts  []order           `json:"parts"`
}

func TestDecodeObject(t *testing.T) {
	deep := strings.Repeat(`{"parts":[`, wire.MaxDepth) + strings.Repeat(`]}`, wire.MaxDepth)
	for _, test := range []struct {
		json          string
		ours, foreign string // what the error says, empty if there is none
	}{
		{`{"name":"a","labels":{"Any Name":"b"},"parts":[{"name":"c"}]}`, "", ""},
		{`{"name":null}`, "", ""},
		{` {} `, "", ""},
		{``, "have the end", "have the end"},
		{`null`, "have null", "have null"},
		{`[]`, "have an array", "have an array"},
		{`{"name":"a"}{}`, "more after the end", "more after the end"},
		{`{"name":"a","name":"b"}`, "name: invalid: it is there twice", "name: invalid: it is there twice"},
		{`{"labels":{"x":"1","x":"2"}}`, "labels.x: invalid: it is there twice", "labels.x: invalid: it is there twice"},
		{`{"parts":[{"Name":"a"}]}`, "parts[0].Name: invalid: it is no known field", ""},
		{`{"parts":[{"other":"a"}]}`, `unknown field "other"`, ""},
		{`{"name":{}}`, `"name": invalid: no object belongs there`, `"name": invalid: no object belongs there`},
		{"{\"name\":\"\xff\"}", "not UTF-8", "not UTF-8"},
		{deep, "nested more than", "nested more than"},
		{`{"name":"` + strings.Repeat("x", 1000) + `"}`, "the limit is 1000", "the limit is 1000"},
	} {
		for _, as := range []struct {
			what   string
			says   string
			decode func(data []byte, v any) error
		}{
			{"DecodeObject", test.ours, func(data []byte, v any) error { return wire.DecodeObject("order", data, 1000, v, "labels") }},
			{"DecodeForeign", test.foreign, func(data []byte, v any) error { return wire.DecodeForeign("order", data, 1000, v) }},
		} {
			err := as.decode([]byte(test.json), new(order))
			switch {
			case as.says == "" && err != nil:
				t.Errorf("%s(%.80s): %v", as.what, test.json, err)
			case as.says != "" && (!errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), as.says)):
				t.Errorf("%s(%.80s): %v, want one that says %q", as.what, test.json, err, as.says)
			}
		}
	}
}

func TestEncodeObject(t *testing.T) {
	if data, err := wire.EncodeObject("order", &order{Name: "<&>"}, 1000); err != nil || !strings.Contains(string(data), `"<&>"`) {
		t.Errorf("EncodeObject: %s, %v", data, err)
	}
	if _, err := wire.EncodeObject("order", &order{}, 3); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := wire.EncodeObject("order", func() {}, 3); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("of no form: %v", err)
	}
}
