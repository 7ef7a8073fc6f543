package main

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

// values reads values, each in its parentheses.
func values(ns []node) ([]spectest.Value, error) {
	var vs []spectest.Value
	for _, n := range ns {
		v, err := value(n.items)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n.line, err)
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// value reads a value without its parentheses: a keyword and what belongs to it.
func value(ns []node) (v spectest.Value, err error) {
	if len(ns) == 0 || ns[0].kind != atom {
		return v, fmt.Errorf("a value starts with its type")
	}
	word, rest := ns[0].text, ns[1:]
	typ, kind, ok := strings.Cut(word, ".")
	if !ok {
		return v, fmt.Errorf("%q starts no value", word)
	}
	v.Type = typ
	switch typ {
	case "list", "tuple":
		v.Items, err = values(rest)
	case "record":
		for _, f := range rest {
			if f.head() != "field" || len(f.items) < 3 || f.items[1].kind != str {
				return v, fmt.Errorf("line %d: a record consists of fields", f.line)
			}
			of := f.items[2:]
			if of[0].kind == list {
				of = of[0].items
			}
			x, err := value(of)
			if err != nil {
				return v, err
			}
			x.Name = f.items[1].text
			v.Items = append(v.Items, x)
		}
	case "flags":
		for _, l := range rest {
			v.Labels = append(v.Labels, l.text)
		}
	case "option", "result":
		v.Text = kind
		v.Items, err = values(rest)
	case "variant":
		if len(rest) == 0 {
			return v, fmt.Errorf("a variant has a case")
		}
		v.Text = rest[0].text
		v.Items, err = values(rest[1:])
	default:
		if len(rest) != 1 || rest[0].kind == list {
			return v, fmt.Errorf("%q has one literal", word)
		}
		v.Text = rest[0].text
	}
	return v, err
}
