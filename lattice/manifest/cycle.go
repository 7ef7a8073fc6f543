package manifest

import (
	"slices"
	"strings"
)

// cycles finds components that call each other in a circle: such a call could wait
// for itself. Each circle is told once, where its first component is.
func (b *builder) cycles(m *Manifest) {
	next := map[string][]string{}
	for i := range m.Components {
		c := &m.Components[i]
		for j := range c.Links {
			to := c.Links[j].To
			if to != c.Name && !slices.Contains(next[c.Name], to) {
				next[c.Name] = append(next[c.Name], to)
			}
		}
	}
	const under, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = under
		trail = append(trail, name)
		for _, to := range next[name] {
			switch state[to] {
			case under:
				circle := append(slices.Clone(trail[slices.Index(trail, to):]), to)
				part := b.parts[to]
				b.errorf(part.at, join(part.path, "traits"), "remove one of the links", "links go in a circle: %s", strings.Join(clip(circle), " -> "))
			case 0:
				visit(to)
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	for i := range m.Components {
		if name := m.Components[i].Name; state[name] == 0 {
			visit(name)
		}
	}
}

// clip shortens a list to what can be read.
func clip(names []string) []string {
	if len(names) <= 12 {
		return names
	}
	return slices.Concat(names[:6], []string{"…"}, names[len(names)-5:])
}
