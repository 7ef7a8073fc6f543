package wave

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// list reads a list, a list of fixed length, or a map.
func (p *parser) list(t, want *wit.Type) (wit.Value, *Error) {
	start := p.tok.start
	if !p.at('[') {
		return nil, p.unexpected(expected(want))
	}
	elem := t.Elem
	if t.Kind == wit.Map {
		elem = &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{t.Elem, t.Value}}
	}
	if t.Kind == wit.List && elem.Kind == wit.U8 {
		return p.bytes(t)
	}
	list := wit.ListValue{}
	err := p.sequence(']', describe(t), func() *Error {
		if t.Kind == wit.FixedList && len(list) == int(t.Len) {
			return p.errorf("%s has no element %d", describe(t), len(list))
		}
		v, err := p.value(elem, elem)
		if err != nil {
			return err.in("element %d", len(list))
		}
		list = append(list, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.Kind == wit.FixedList && len(list) < int(t.Len) {
		return nil, fault(p.text, start, "%s has %d elements, found %d", describe(t), t.Len, len(list))
	}
	return list, nil
}

func (p *parser) bytes(t *wit.Type) (wit.Value, *Error) {
	list := wit.Bytes{}
	err := p.sequence(']', describe(t), func() *Error {
		v, err := p.integer(t.Elem, t.Elem)
		if err != nil {
			return err.in("element %d", len(list))
		}
		b, _ := v.(uint8)
		list = append(list, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (p *parser) tuple(t, want *wit.Type) (wit.Value, *Error) {
	start := p.tok.start
	if !p.at('(') {
		return nil, p.unexpected(expected(want))
	}
	tuple := make(wit.TupleValue, 0, len(t.Types))
	err := p.sequence(')', describe(t), func() *Error {
		if len(tuple) == len(t.Types) {
			return p.errorf("%s has no element %d", describe(t), len(tuple))
		}
		elem := t.Types[len(tuple)]
		v, err := p.value(elem, elem)
		if err != nil {
			return err.in("element %d", len(tuple))
		}
		tuple = append(tuple, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(tuple) < len(t.Types) {
		return nil, fault(p.text, start, "%s has %d elements, found %d", describe(t), len(t.Types), len(tuple))
	}
	return tuple, nil
}

func (p *parser) record(t, want *wit.Type) (wit.Value, *Error) {
	start := p.tok.start
	if !p.at('{') {
		return nil, p.unexpected(expected(want))
	}
	if err := p.spend(len(t.Fields)); err != nil {
		return nil, err
	}
	record := make(wit.RecordValue, len(t.Fields))
	if p.at(':') {
		if err := p.take('}', "after {: of a record without fields"); err != nil {
			return nil, err
		}
	} else {
		if p.tok.kind == '}' {
			return nil, p.errorf("a record without fields is written {:}; %s has the fields %s", describe(t), list(names(t)))
		}
		if err := p.sequence('}', describe(t), func() *Error { return p.field(t, record) }); err != nil {
			return nil, err
		}
	}
	for i, f := range t.Fields {
		switch {
		case record[i] != nil:
		case f.Type.Kind == wit.Option:
			record[i] = wit.OptionValue{}
		default:
			return nil, fault(p.text, start, "%s lacks the field %q, %s", describe(t), clip(f.Name), describe(f.Type))
		}
	}
	return record, nil
}

// field reads a field of a record and its value.
func (p *parser) field(t *wit.Type, record wit.RecordValue) *Error {
	if p.tok.kind != tokenLabel {
		return p.unexpected("the name of a field of " + describe(t))
	}
	name := strings.TrimPrefix(p.word(), "%")
	i, ok := p.index(t)[name]
	switch {
	case !ok:
		return p.errorf("%s", unknown("field", name, t))
	case record[i] != nil:
		return p.errorf("field %q appears twice", clip(name))
	}
	p.advance()
	if err := p.take(':', fmt.Sprintf("after the field %q", clip(name))); err != nil {
		return err
	}
	v, err := p.value(t.Fields[i].Type, t.Fields[i].Type)
	if err != nil {
		return err.in("field %q", clip(name))
	}
	record[i] = v
	return nil
}

func (p *parser) flags(t, want *wit.Type) (wit.Value, *Error) {
	if !p.at('{') {
		return nil, p.unexpected(expected(want))
	}
	if p.tok.kind == ':' {
		return nil, p.errorf("flags of which none is set are written {}")
	}
	var flags wit.FlagsValue
	err := p.sequence('}', describe(t), func() *Error {
		if p.tok.kind != tokenLabel {
			return p.unexpected("a label of " + describe(t))
		}
		name := strings.TrimPrefix(p.word(), "%")
		i, ok := p.index(t)[name]
		switch {
		case !ok:
			return p.errorf("%s", unknown("label", name, t))
		case flags>>i&1 != 0:
			return p.errorf("label %q appears twice", clip(name))
		}
		flags |= 1 << i
		p.advance()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return flags, nil
}
