package place

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// selector are the classes whose hosts meet what a component's rules say of hosts as such.
type selector struct {
	version uint64
	// classes meet them, by key.
	classes []*class
	// refused are the hosts of all others, by reason.
	refused passedBy
}

// maxSelectors bounds how many selectors are kept.
const maxSelectors = 1 << 14

// selector returns the classes that meet the rules and one of the shares.
func (cs *classes) selector(r *lattice.Rules, shares []lattice.Spread) *selector {
	cs.text = appendKey(cs.text[:0], r, shares)
	if s := cs.selectors[string(cs.text)]; s != nil && s.version == cs.version {
		return s
	}
	var asked []string
	for _, label := range sortedKeys(r.Labels) {
		asked = append(asked, detected(label))
	}
	for i := range shares {
		for _, label := range sortedKeys(shares[i].Requirements) {
			asked = append(asked, detected(label))
		}
	}
	cs.ask(asked)
	s := &selector{version: cs.version}
	for _, k := range cs.order {
		if why := k.refuses(r, shares); why != "" {
			s.refused.add(why, k.members...)
			continue
		}
		s.classes = append(s.classes, k)
	}
	if len(cs.selectors) >= maxSelectors {
		clear(cs.selectors)
	}
	cs.selectors[string(cs.text)] = s
	return s
}

// appendKey appends what tells the selector of rules from others.
func appendKey(b []byte, r *lattice.Rules, shares []lattice.Spread) []byte {
	b = appendText(b, string(r.Group))
	b = appendLabels(b, r.Labels)
	for _, isolation := range r.Isolation {
		b = appendText(b, isolation)
	}
	for i := range shares {
		b = append(b, ';')
		b = appendLabels(b, shares[i].Requirements)
	}
	return b
}

// appendText appends a text such that what follows it cannot be taken for part of it.
func appendText(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

func appendLabels(b []byte, labels map[string]string) []byte {
	for _, key := range sortedKeys(labels) {
		b = appendText(b, key)
		b = appendText(b, labels[key])
	}
	return append(b, ';')
}

// detected returns the label of a host that a requirement means.
func detected(label string) string { return strings.TrimPrefix(label, coreLabels) }

// refuses says why the hosts of a class do not meet the rules or any of the shares, or
// nothing if they do.
func (k *class) refuses(r *lattice.Rules, shares []lattice.Spread) string {
	if r.Group != "" && r.Group != k.group {
		return fmt.Sprintf("it is of group %q, not %q", k.group, r.Group)
	}
	if why := k.lacks(r.Labels); why != "" {
		return why
	}
	if len(r.Isolation) > 0 && !slices.Contains(r.Isolation, k.isolation) {
		have := "what isolates it is not known"
		if k.isolation != "" {
			have = fmt.Sprintf("it is isolated as %q", k.isolation)
		}
		return fmt.Sprintf("%s, not as %s", have, oneOf(r.Isolation))
	}
	first := ""
	for i := range shares {
		why := k.lacks(shares[i].Requirements)
		if why == "" {
			return ""
		}
		if first == "" {
			first = why
		}
	}
	if len(shares) > 1 {
		return "it is of no share: for the first, " + first
	}
	return first
}

// lacks says which label the hosts of a class do not have, or nothing if they have all.
func (k *class) lacks(labels map[string]string) string {
	for _, label := range sortedKeys(labels) {
		switch value, ok := k.labels[detected(label)]; {
		case !ok:
			return fmt.Sprintf("it has no label %s, which ought to be %q", label, labels[label])
		case value != labels[label]:
			return fmt.Sprintf("its label %s is %q, not %q", label, value, labels[label])
		}
	}
	return ""
}

// oneOf lists names: "a", "b" or "c".
func oneOf(names []string) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", name)
	}
	return b.String()
}
