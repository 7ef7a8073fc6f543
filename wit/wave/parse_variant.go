package wave

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// keywords are the labels that need a "%" to be the name of a case.
var keywords = []string{"true", "false", "some", "none", "ok", "err", "inf", "nan"}

// caseName reads the name of a case of t and returns its index.
func (p *parser) caseName(t, want *wit.Type) (int, *Error) {
	if p.tok.kind != tokenLabel {
		return 0, p.unexpected(expected(want))
	}
	name, escaped := strings.CutPrefix(p.word(), "%")
	i, ok := p.index(t)[name]
	if !escaped && slices.Contains(keywords, name) {
		if ok {
			return 0, p.errorf("%s is a keyword: write %%%s for the case of %s", name, name, describe(t))
		}
		return 0, p.unexpected(expected(want))
	}
	if !ok {
		return 0, p.errorf("%s", unknown("case", name, t))
	}
	p.advance()
	return i, nil
}

func (p *parser) enum(t, want *wit.Type) (wit.Value, *Error) {
	i, err := p.caseName(t, want)
	if err != nil {
		return nil, err
	}
	return wit.EnumValue(i), nil
}

func (p *parser) variant(t, want *wit.Type) (wit.Value, *Error) {
	i, err := p.caseName(t, want)
	if err != nil {
		return nil, err
	}
	f := t.Fields[i]
	v, err := p.payload(f.Name, f.Type, t)
	if err != nil {
		return nil, err
	}
	return wit.VariantValue{Case: uint32(i), Value: v}, nil
}

// payload reads the payload of a case of t, which is none if payload is nil.
func (p *parser) payload(name string, payload, t *wit.Type) (wit.Value, *Error) {
	if payload == nil {
		if p.tok.kind == '(' {
			return nil, p.errorf("case %q of %s has no payload", clip(name), describe(t))
		}
		return nil, nil //nolint:nilnil // the value of a case without payload
	}
	if err := p.take('(', fmt.Sprintf("and %s, the payload of %q", describe(payload), clip(name))); err != nil {
		return nil, err
	}
	v, err := p.value(payload, payload)
	if err != nil {
		return nil, err
	}
	return v, p.take(')', fmt.Sprintf("after the payload of %q", clip(name)))
}

// hasShortForm reports whether a payload may stand for the some of an option or
// the ok of a result.
func hasShortForm(payload *wit.Type) bool {
	return payload != nil && payload.Kind != wit.Option && payload.Kind != wit.Result
}

func (p *parser) option(t *wit.Type) (wit.Value, *Error) {
	var v wit.Value
	var err *Error
	switch {
	case p.isWord("none"):
		p.advance()
		_, err = p.payload("none", nil, t)
		if err != nil {
			return nil, err
		}
		return wit.OptionValue{}, nil
	case p.isWord("some"):
		p.advance()
		v, err = p.payload("some", t.Elem, t)
	case hasShortForm(t.Elem):
		v, err = p.value(t.Elem, t)
	default:
		return nil, p.unexpected(expected(t))
	}
	if err != nil {
		return nil, err
	}
	return wit.OptionValue{Some: true, Value: v}, nil
}

func (p *parser) result(t *wit.Type) (wit.Value, *Error) {
	var r wit.ResultValue
	var err *Error
	switch {
	case p.isWord("ok"):
		p.advance()
		r.Value, err = p.payload("ok", t.Ok, t)
	case p.isWord("err"):
		p.advance()
		r.Failed = true
		r.Value, err = p.payload("err", t.Err, t)
	case hasShortForm(t.Ok):
		r.Value, err = p.value(t.Ok, t)
	default:
		return nil, p.unexpected(expected(t))
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}
