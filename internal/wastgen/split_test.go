package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

func TestSplit(t *testing.T) {
	s, err := split("x.wast", `;; a comment ( with "
(component $a (core module) (; block (; nested ;) ;) (type (list u8)))
(component definition $b (import "x" (func)))
(component instance $i $b)
(component binary "\00asm" "\0d\00\01\00")
(register "name" $i)
(invoke "go")
(assert_return (invoke $i "f" (u32.const 0x1) (str.const "\u{1F370}\"\n") (list.const (s8.const -1)))
  (record.const (field "a" u8.const 1) (field "b" (option.some (char.const "x")))))
(assert_return (invoke "g") (variant.const "c" (flags.const "p" "q")) (result.err) (option.none) (tuple.const (f32.const nan)))
(assert_trap (invoke "f") "why")
(assert_trap (component (core module)) "start")
(assert_malformed (component quote "(compo" "nent") "text")
(assert_invalid (component (type 1)) "type")
(thread $t)
`)
	if err != nil {
		t.Fatal(err)
	}
	val := func(typ, text string, items ...spectest.Value) spectest.Value {
		return spectest.Value{Type: typ, Text: text, Items: items}
	}
	named := func(name string, v spectest.Value) spectest.Value { v.Name = name; return v }
	want := []spectest.Command{
		{Kind: "component", Line: 2, Name: "$a"},
		{Kind: "definition", Line: 3, Name: "$b"},
		{Kind: "instance", Line: 4, Name: "$i", Of: "$b"},
		{Kind: "component", Line: 5},
		{Kind: "register", Line: 6, As: "name", Name: "$i"},
		{Kind: "invoke", Line: 7, Call: &spectest.Call{Func: "go"}},
		{
			Kind: "assert_return", Line: 8,
			Call: &spectest.Call{Instance: "$i", Func: "f", Args: []spectest.Value{val("u32", "0x1"), val("str", "\U0001F370\"\n"), val("list", "", val("s8", "-1"))}},
			Want: []spectest.Value{val("record", "", named("a", val("u8", "1")), named("b", val("option", "some", val("char", "x"))))},
		},
		{
			Kind: "assert_return", Line: 10, Call: &spectest.Call{Func: "g"},
			Want: []spectest.Value{
				val("variant", "c", spectest.Value{Type: "flags", Labels: []string{"p", "q"}}),
				val("result", "err"), val("option", "none"), val("tuple", "", val("f32", "nan")),
			},
		},
		{Kind: "assert_trap", Line: 11, Call: &spectest.Call{Func: "f"}, Reason: "why"},
		{Kind: "assert_trap", Line: 12, Reason: "start"},
		{Kind: "assert_malformed", Line: 13, Reason: "text"},
		{Kind: "assert_invalid", Line: 14, Reason: "type"},
		{Kind: "thread", Line: 15, Fault: `command "thread" is unknown`},
	}
	if diff := cmp.Diff(want, s.Commands); diff != "" {
		t.Errorf("commands: -want +got\n%s", diff)
	}
	texts := []string{
		"(component $a (core module) (; block (; nested ;) ;) (type (list u8)))",
		`(component  $b (import "x" (func)))`,
		`(component binary "\00asm" "\0d\00\01\00")`,
		"(component (core module))",
		"(component (compo\nnent\n)",
		"(component (type 1))",
	}
	if diff := cmp.Diff(texts, s.texts); diff != "" {
		t.Errorf("texts: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 1, 3, 9, 10, 11}, s.owners); diff != "" {
		t.Errorf("owners: -want +got\n%s", diff)
	}
}

func TestSplitErrors(t *testing.T) {
	for src, want := range map[string]string{
		"(component":                            "'(' is not closed",
		"(component))":                          "closes nothing",
		"\n(; (;;)":                             "line 2: comment is not closed",
		`(component "a`:                         "string is not closed",
		`(component "\q")`:                      "unknown escape",
		`(component "\u{d800}")`:                "Unicode scalar value",
		`(assert_return (invoke f))`:            "names no function",
		`(assert_return (get "f"))`:             `action "get" is unknown`,
		`(assert_return)`:                       "assertion of nothing",
		`(invoke "f" (u32.const))`:              "has one literal",
		`(invoke "f" (record.const (x "a" y)))`: "consists of fields",
		`(invoke "f" (u32))`:                    "starts no value",
		`(invoke "f" ())`:                       "starts with its type",
		`(register x)`:                          "names nothing",
		strings.Repeat("(", 2000):               "nested more than",
	} {
		if _, err := split("x.wast", src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", src, err, want)
		}
	}
}
