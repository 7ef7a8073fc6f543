package jsonval

import (
	"slices"

	"github.com/wattle-dev/wattle/wit"
)

// fields reads an object that has the members of a record, or of an argument list.
func (d *decoder) fields(fields []wit.Field) ([]wit.Value, error) {
	if d.m == Wassette {
		return d.looseFields(fields)
	}
	index := make(map[string]int, len(fields))
	for i := range fields {
		index[fields[i].Name] = i
	}
	vs := make([]wit.Value, len(fields))
	err := d.object(func(name string) error {
		return d.in(step{name: name}, func() (err error) {
			i, ok := index[name]
			switch {
			case !ok:
				return d.errorf("there is no such member")
			case vs[i] != nil:
				return d.errorf("it is there twice")
			}
			vs[i], err = d.value(fields[i].Type)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	for i := range fields {
		if vs[i] != nil {
			continue
		}
		if fields[i].Type.Kind != wit.Option {
			return nil, d.in(step{name: fields[i].Name}, func() error { return d.errorf("it is missing") })
		}
		vs[i] = wit.OptionValue{}
	}
	return vs, nil
}

// looseFields is fields for Wassette: of members with one name the last one counts,
// unknown ones do not, and nothing can be left out.
func (d *decoder) looseFields(fields []wit.Field) ([]wit.Value, error) {
	at, err := d.gather()
	if err != nil {
		return nil, err
	}
	end := d.pos
	vs := make([]wit.Value, len(fields))
	for i := range fields {
		pos, ok := at[fields[i].Name]
		if !ok {
			return nil, d.in(step{name: fields[i].Name}, func() error { return d.errorf("it is missing") })
		}
		d.pos = pos
		if err := d.at(step{name: fields[i].Name}, fields[i].Type, &vs[i]); err != nil {
			return nil, err
		}
	}
	d.pos = end
	return vs, nil
}

// gather passes over an object and returns where the value of each member stands.
// Strictly, none may be there twice.
func (d *decoder) gather() (map[string]int, error) {
	at := map[string]int{}
	err := d.object(func(name string) error {
		if _, ok := at[name]; ok && d.m == Strict {
			return d.in(step{name: name}, func() error { return d.errorf("it is there twice") })
		}
		if d.values++; d.values > MaxValues {
			return d.errorf("there are more than %d values", MaxValues)
		}
		at[name] = d.pos
		return d.skip(0)
	})
	return at, err
}

// only refuses members of an object other than those named.
func (d *decoder) only(at map[string]int, names ...string) error {
	if d.m == Wassette {
		return nil
	}
	known := 0
	for _, name := range names {
		if _, ok := at[name]; ok {
			known++
		}
	}
	if known == len(at) {
		return nil
	}
	unknown := ""
	for name := range at {
		if !slices.Contains(names, name) && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	return d.in(step{name: unknown}, func() error { return d.errorf("there is no such member") })
}

func (d *decoder) variant(t *wit.Type) (wit.Value, error) {
	if d.peek() != '{' {
		return nil, d.mismatch(`an object with "tag"`)
	}
	at, err := d.gather()
	if err != nil {
		return nil, err
	}
	end := d.pos
	tag, ok := at["tag"]
	if !ok {
		return nil, d.in(step{name: "tag"}, func() error { return d.errorf("it is missing") })
	}
	cases := make([]string, len(t.Fields))
	for i := range t.Fields {
		cases[i] = t.Fields[i].Name
	}
	d.pos = tag
	i := 0
	if err := d.in(step{name: "tag"}, func() (err error) { i, err = d.label(cases); return err }); err != nil {
		return nil, err
	}
	v := wit.VariantValue{Case: uint32(i)} //nolint:gosec // a type has fewer cases
	payload := t.Fields[i].Type
	known := []string{"tag", "val"}
	if payload == nil {
		known = known[:1]
	}
	if err := d.only(at, known...); err != nil {
		return nil, err
	}
	if payload != nil {
		if err := d.member(at, "val", payload, &v.Value); err != nil {
			return nil, err
		}
	}
	d.pos = end
	return v, nil
}

// member reads a member that was gathered.
func (d *decoder) member(at map[string]int, name string, t *wit.Type, v *wit.Value) error {
	pos, ok := at[name]
	if !ok {
		return d.in(step{name: name}, func() error { return d.errorf("it is missing") })
	}
	d.pos = pos
	return d.at(step{name: name}, t, v)
}

func (d *decoder) resultValue(t *wit.Type) (wit.Value, error) {
	const want = `an object with "ok" or "err"`
	if d.peek() != '{' {
		return nil, d.mismatch(want)
	}
	at, err := d.gather()
	if err != nil {
		return nil, err
	}
	end := d.pos
	if err := d.only(at, "ok", "err"); err != nil {
		return nil, err
	}
	_, isOk := at["ok"]
	_, isErr := at["err"]
	if !isOk && !isErr || isOk && isErr && d.m == Strict {
		return nil, d.errorf("expected %s", want)
	}
	v := wit.ResultValue{Failed: !isOk}
	name, payload := "ok", t.Ok
	if v.Failed {
		name, payload = "err", t.Err
	}
	if payload != nil {
		err = d.member(at, name, payload, &v.Value)
	} else {
		d.pos = at[name]
		err = d.in(step{name: name}, func() error {
			// Wassette takes a boolean here, which no function then takes.
			if d.m == Wassette || d.peek() != 'n' {
				return d.errorf("expected null, as the case has no payload")
			}
			return d.word("null")
		})
	}
	d.pos = end
	return v, err
}

// entries reads a map.
func (d *decoder) entries(t *wit.Type) (wit.Value, error) {
	vs := wit.ListValue{}
	if d.m.isObject(t) {
		if d.peek() != '{' {
			return nil, d.mismatch("an object")
		}
		seen := map[string]bool{}
		err := d.object(func(name string) error {
			return d.in(step{name: name}, func() error {
				if seen[name] {
					return d.errorf("it is there twice")
				}
				seen[name] = true
				v, err := d.value(t.Value)
				vs = append(vs, wit.TupleValue{name, v})
				return err
			})
		})
		return vs, err
	}
	if d.peek() != '[' {
		return nil, d.mismatch("an array")
	}
	entry := []wit.Field{{Name: "key", Type: t.Elem}, {Name: "value", Type: t.Value}}
	err := d.array(func(i int) error {
		return d.in(step{index: i}, func() error {
			if d.peek() != '{' {
				return d.mismatch(`an object with "key" and "value"`)
			}
			kv, err := d.fields(entry)
			if err == nil {
				vs = append(vs, wit.TupleValue(kv))
			}
			return err
		})
	})
	return vs, err
}
