package hostgroup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// maxRequirements and maxValues bound a selector.
const (
	maxRequirements = 64
	maxValues       = 64
)

// Operator says what a Requirement wants of a label.
type Operator string

// The operators.
const (
	In     Operator = "in"    // the label has one of the values
	NotIn  Operator = "notin" // the label has none of the values, or is not there
	Exists Operator = "exists"
	Absent Operator = "absent"
)

// Requirement is a condition on a label.
type Requirement struct {
	Label    string   `json:"label"`
	Operator Operator `json:"operator"`
	// Values are those of In and NotIn, sorted.
	Values []string `json:"values,omitempty"`
}

// Selector are conditions on the labels of a host, all of which have to be met. An
// empty one selects every host.
type Selector []Requirement

// Match returns the selector of the hosts that have all of the labels.
func Match(labels map[string]string) Selector {
	var s Selector
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		s = append(s, Requirement{Label: label, Operator: In, Values: []string{labels[label]}})
	}
	return s
}

// Selects reports whether labels meet all conditions.
func (s Selector) Selects(labels map[string]string) bool {
	for i := range s {
		if !s[i].met(labels) {
			return false
		}
	}
	return true
}

func (r *Requirement) met(labels map[string]string) bool {
	value, there := labels[r.Label]
	switch r.Operator {
	case In:
		return there && slices.Contains(r.Values, value)
	case NotIn:
		return !there || !slices.Contains(r.Values, value)
	case Exists:
		return there
	case Absent:
		return !there
	}
	return false // a condition that nobody knows is not met
}

// String returns the selector as ParseSelector reads it.
func (s Selector) String() string {
	var b strings.Builder
	for i := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[i].String())
	}
	return b.String()
}

// String returns the requirement as ParseSelector reads it.
func (r *Requirement) String() string {
	values := strings.Join(r.Values, ",")
	switch {
	case r.Operator == Exists:
		return r.Label
	case r.Operator == Absent:
		return "!" + r.Label
	case r.Operator == In && len(r.Values) == 1:
		return r.Label + "=" + values
	case r.Operator == NotIn && len(r.Values) == 1:
		return r.Label + "!=" + values
	}
	return r.Label + " " + string(r.Operator) + " (" + values + ")"
}

// ParseSelector reads conditions with commas between: label=value, label!=value,
// label in (a,b), label notin (a,b), label (it is there), !label (it is not).
func ParseSelector(text string) (Selector, error) {
	var s Selector
	rest := strings.TrimSpace(text)
	for rest != "" {
		var one string
		one, rest = cut(rest)
		if len(s) == maxRequirements {
			return nil, fmt.Errorf("selector %.80q: %w: it has more than %d conditions", text, lattice.ErrInvalid, maxRequirements)
		}
		r, err := parseRequirement(strings.TrimSpace(one))
		if err != nil {
			return nil, fmt.Errorf("selector %.80q: condition %.80q: %w: %s", text, one, lattice.ErrInvalid, err)
		}
		s = append(s, r)
	}
	return s, nil
}

// cut splits at the first comma that is not in parentheses.
func cut(s string) (one, rest string) {
	inside := false
	for i := range len(s) {
		switch s[i] {
		case '(':
			inside = true
		case ')':
			inside = false
		case ',':
			if !inside {
				if rest = strings.TrimSpace(s[i+1:]); rest == "" {
					rest = "," // a comma with nothing behind it is a condition missing
				}
				return s[:i], rest
			}
		}
	}
	return s, ""
}

// fault is what is wrong with a condition.
type fault string

func (f fault) Error() string { return string(f) }

func parseRequirement(s string) (Requirement, error) {
	if label, ok := strings.CutPrefix(s, "!"); ok {
		return requirement(label, Absent)
	}
	if label, value, ok := strings.Cut(s, "!="); ok {
		return requirement(label, NotIn, value)
	}
	if label, values, ok := list(s, " notin"); ok {
		return requirement(label, NotIn, values...)
	}
	if label, values, ok := list(s, " in"); ok {
		return requirement(label, In, values...)
	}
	if label, value, ok := strings.Cut(s, "="); ok {
		return requirement(label, In, strings.TrimPrefix(value, "="))
	}
	return requirement(s, Exists)
}

// list splits "label word (a,b)".
func list(s, word string) (label string, values []string, ok bool) {
	label, in, ok := strings.Cut(s, word)
	in = strings.TrimSpace(in)
	if !ok || !strings.HasPrefix(in, "(") || !strings.HasSuffix(in, ")") {
		return "", nil, false
	}
	return label, strings.Split(in[1:len(in)-1], ","), true
}

func requirement(label string, o Operator, values ...string) (Requirement, error) {
	r := Requirement{Label: strings.TrimSpace(label), Operator: o}
	switch {
	case r.Label == "":
		return r, fault("it names no label")
	case strings.ContainsAny(r.Label, " \t\n(),=!"):
		return r, fault("want label=value, label!=value, label in (a,b), label notin (a,b), label or !label")
	case len(values) > maxValues:
		return r, fault("it has too many values")
	}
	for _, v := range values {
		v = strings.TrimSpace(v)
		if strings.ContainsAny(v, "(),=!") {
			return r, fault("a value has one of ( ) , = !")
		}
		r.Values = append(r.Values, v)
	}
	slices.Sort(r.Values)
	r.Values = slices.Compact(r.Values)
	return r, nil
}
