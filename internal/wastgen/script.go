package main

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/host/component/spectest"
)

// script is a .wast file taken apart.
type script struct {
	spectest.Script
	// texts are the components, to be assembled; owners the commands they
	// belong to.
	texts  []string
	owners []int
	// textOnly counts assertions about the text format itself.
	textOnly int
}

// split takes a .wast file apart.
func split(name, src string) (*script, error) {
	forms, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &script{Script: spectest.Script{Source: name}}
	for _, f := range forms {
		if err := s.command(src, f); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, f.line, err)
		}
	}
	return s, nil
}

func (s *script) command(src string, f node) error {
	c := spectest.Command{Kind: spectest.Kind(f.head()), Line: f.line}
	var err error
	switch c.Kind {
	case spectest.KindComponent:
		return s.component(src, f, c)
	case spectest.KindRegister:
		if len(f.items) < 2 || f.items[1].kind != str {
			return fmt.Errorf("register names nothing")
		}
		c.As = f.items[1].text
		if len(f.items) > 2 {
			c.Name = f.items[2].text
		}
	case spectest.KindInvoke:
		c.Call, err = call(f)
	case spectest.KindReturn:
		if len(f.items) < 2 {
			return fmt.Errorf("assertion of nothing")
		}
		if c.Call, err = call(f.items[1]); err == nil {
			c.Want, err = values(f.items[2:])
		}
	case spectest.KindTrap, spectest.KindInvalid, spectest.KindMalformed, spectest.KindUnlinkable:
		if len(f.items) < 2 {
			return fmt.Errorf("assertion of nothing")
		}
		if n := len(f.items) - 1; n > 1 && f.items[n].kind == str {
			c.Reason = f.items[n].text
		}
		if f.items[1].head() == "component" {
			s.assemble(src, f.items[1], c)
			return nil
		}
		c.Call, err = call(f.items[1])
	default:
		c.Fault = fmt.Sprintf("command %q is unknown", f.head())
	}
	s.Commands = append(s.Commands, c)
	return err
}

// component reads (component …), (component definition …) and (component
// instance $i $c).
func (s *script) component(src string, f node, c spectest.Command) error {
	var names []string
	for _, n := range f.items[1:] {
		if n.kind != atom {
			break
		}
		names = append(names, n.text)
	}
	if len(names) > 0 {
		switch names[0] {
		case "instance":
			c.Kind = spectest.KindInstance
			if len(names) > 1 {
				c.Name = names[1]
			}
			if len(names) > 2 {
				c.Of = names[2]
			}
			s.Commands = append(s.Commands, c)
			return nil
		case "definition":
			c.Kind = spectest.KindDefinition
			names = names[1:]
		}
	}
	if len(names) > 0 && strings.HasPrefix(names[0], "$") {
		c.Name = names[0]
	}
	s.assemble(src, f, c)
	return nil
}

// assemble adds a command with a component that has to be assembled.
func (s *script) assemble(src string, f node, c spectest.Command) {
	s.owners = append(s.owners, len(s.Commands))
	s.texts = append(s.texts, componentText(src, f))
	s.Commands = append(s.Commands, c)
}

// componentText returns the text of a component, without the words that belong
// to the script.
func componentText(src string, f node) string {
	for _, n := range f.items[1:] {
		switch {
		case n.kind == atom && n.text == "quote":
			var b strings.Builder
			for _, q := range f.items[1:] {
				if q.kind == str {
					b.WriteString(q.text)
					b.WriteByte('\n')
				}
			}
			if text := b.String(); strings.HasPrefix(strings.TrimSpace(text), "(component") {
				return text
			}
			return "(component " + b.String() + ")"
		case n.kind == atom && n.text == "definition":
			return src[f.start:n.start] + src[n.end:f.end]
		case n.kind != atom:
			return src[f.start:f.end]
		}
	}
	return src[f.start:f.end]
}

// call reads (invoke $instance? "function" value*).
func call(f node) (*spectest.Call, error) {
	if f.head() != "invoke" {
		return nil, fmt.Errorf("action %q is unknown", f.head())
	}
	c, rest := &spectest.Call{}, f.items[1:]
	if len(rest) > 0 && rest[0].kind == atom {
		c.Instance, rest = rest[0].text, rest[1:]
	}
	if len(rest) == 0 || rest[0].kind != str {
		return nil, fmt.Errorf("invoke names no function")
	}
	c.Func = rest[0].text
	var err error
	c.Args, err = values(rest[1:])
	return c, err
}
