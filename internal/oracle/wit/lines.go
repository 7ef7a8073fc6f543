package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// document is the JSON of wasm-tools, as far as it is compared.
type document struct {
	Worlds     []worldItem
	Interfaces []interfaceItem
	Types      []typeItem
	Packages   []packageItem
}

type (
	packageItem struct {
		Name       string
		Docs       *docs
		Interfaces map[string]int
		Worlds     map[string]int
	}
	interfaceItem struct {
		Name      *string
		Types     map[string]int
		Functions map[string]functionItem
		Docs      *docs
		Stability json.RawMessage
		Package   int
	}
	worldItem struct {
		Name             string
		Imports, Exports map[string]externItem
		Docs             *docs
		Stability        json.RawMessage
		Package          int
	}
	externItem struct {
		Interface *struct{ ID int }
		Function  *functionItem
		Type      *int
	}
	functionItem struct {
		Name      string
		Kind      any
		Params    []fieldItem
		Result    any
		Docs      *docs
		Stability json.RawMessage
	}
	typeItem struct {
		Name      *string
		Kind      any
		Owner     map[string]int
		Docs      *docs
		Stability json.RawMessage
	}
	fieldItem struct {
		Name string
		Type any
	}
	docs struct{ Contents string }
)

// lines returns what a document says, as lines in alphabetical order without
// numbers of items, and with or without documentation.
func lines(text []byte, docs bool) ([]string, error) {
	d := &document{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, err
	}
	l := &liner{d: d, docs: docs, local: map[int]string{}}
	// Interfaces inside worlds are known by the names under which they stand there.
	for i := range d.Worlds {
		w := &d.Worlds[i]
		for side, externs := range map[string]map[string]externItem{"import": w.Imports, "export": w.Exports} {
			for name, x := range externs {
				if x.Interface != nil && d.Interfaces[x.Interface.ID].Name == nil {
					l.local[x.Interface.ID] = fmt.Sprintf("%s %s %s", l.world(i), side, name)
				}
			}
		}
	}
	for _, p := range d.Packages {
		l.add("package %s%s", p.Name, l.about(p.Docs, nil))
	}
	for i := range d.Interfaces {
		l.interfaceLines(i)
	}
	for i := range d.Worlds {
		l.worldLines(i)
	}
	slices.Sort(l.out)
	return l.out, nil
}

type liner struct {
	d     *document
	docs  bool
	local map[int]string
	out   []string
}

func (l *liner) add(format string, args ...any) { l.out = append(l.out, fmt.Sprintf(format, args...)) }

func (l *liner) about(d *docs, stability json.RawMessage) string {
	s := ""
	if len(stability) > 0 {
		s += " " + string(compact(stability))
	}
	if l.docs && d != nil && d.Contents != "" {
		s += fmt.Sprintf(" docs %q", d.Contents)
	}
	return s
}

func compact(raw json.RawMessage) []byte {
	var v any
	_ = json.Unmarshal(raw, &v)
	out, _ := json.Marshal(v)
	return out
}

func (l *liner) iface(i int) string {
	if name := l.d.Interfaces[i].Name; name != nil {
		return l.d.Packages[l.d.Interfaces[i].Package].Name + "/" + *name
	}
	return l.local[i]
}

func (l *liner) world(i int) string {
	w := &l.d.Worlds[i]
	return l.d.Packages[w.Package].Name + "/" + w.Name
}

func (l *liner) interfaceLines(i int) {
	f := &l.d.Interfaces[i]
	name := l.iface(i)
	if f.Name == nil {
		l.add("interface %s", name) // see worldLines
	} else {
		l.add("interface %s%s", name, l.about(f.Docs, f.Stability))
	}
	for t, n := range f.Types {
		l.add("interface %s type %s = %s", name, t, l.definition(n))
	}
	for fn, item := range f.Functions {
		l.add("interface %s func %s = %s", name, fn, l.function(&item))
	}
}

func (l *liner) worldLines(i int) {
	w := &l.d.Worlds[i]
	name := l.world(i)
	l.add("world %s%s", name, l.about(w.Docs, w.Stability))
	for side, externs := range map[string]map[string]externItem{"import": w.Imports, "export": w.Exports} {
		for key, x := range externs {
			what := ""
			switch {
			case x.Interface != nil:
				if strings.HasPrefix(key, "interface-") && l.d.Interfaces[x.Interface.ID].Name != nil {
					key = "-"
				}
				// What is said about an interface where it stands in a world, wasm-tools
				// keeps with the interface, or not at all.
				what = "interface " + l.iface(x.Interface.ID)
			case x.Function != nil:
				what = "func " + l.function(x.Function)
			case x.Type != nil:
				what = "type " + l.definition(*x.Type)
			}
			l.add("world %s %s %s %s", name, side, key, what)
		}
	}
}

func (l *liner) function(f *functionItem) string {
	kind := fmt.Sprint(f.Kind)
	if m, ok := f.Kind.(map[string]any); ok {
		for k, v := range m {
			kind = k + " of " + l.typ(v)
		}
	}
	var params []string
	for _, p := range f.Params {
		params = append(params, p.Name+": "+l.typ(p.Type))
	}
	s := fmt.Sprintf("%s (%s)", kind, strings.Join(params, ", "))
	if f.Result != nil {
		s += " -> " + l.typ(f.Result)
	}
	return s + l.about(f.Docs, f.Stability)
}

// definition returns what a named type is.
func (l *liner) definition(n int) string {
	t := &l.d.Types[n]
	return l.kind(t.Kind) + l.about(t.Docs, t.Stability)
}

// typ returns how a type is mentioned.
func (l *liner) typ(v any) string {
	n, ok := v.(float64)
	if !ok {
		if v == nil {
			return "_"
		}
		return fmt.Sprint(v)
	}
	// By which of its names a type is mentioned makes no difference.
	i := int(n)
	for range len(l.d.Types) {
		m, ok := l.d.Types[min(i, len(l.d.Types)-1)].Kind.(map[string]any)
		to, alias := m["type"].(float64)
		if !ok || !alias {
			break
		}
		i = int(to)
	}
	if i >= len(l.d.Types) {
		return fmt.Sprint(n) // the length of a list
	}
	t := &l.d.Types[i]
	if t.Name == nil {
		return l.kind(t.Kind)
	}
	for kind, owner := range t.Owner {
		if kind == "interface" {
			return l.iface(owner) + "." + *t.Name
		}
		return l.world(owner) + "." + *t.Name
	}
	return *t.Name
}

// kind returns the kind of a type.
func (l *liner) kind(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	for name, body := range m {
		return name + "<" + l.body(body) + ">"
	}
	return "?"
}

func (l *liner) body(v any) string {
	switch v := v.(type) {
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, l.body(e))
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		// The order of members says nothing.
		var parts []string
		for name, e := range v {
			switch name {
			case "name":
				parts = append(parts, fmt.Sprintf("name=%v", e))
			case "docs":
				if !l.docs {
					continue
				}
				parts = append(parts, fmt.Sprintf("docs=%q", e))
			default:
				parts = append(parts, name+"="+l.body(e))
			}
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, " ") + "}"
	}
	return l.typ(v)
}
