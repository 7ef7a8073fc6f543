package manifest

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader makes the tree, within the bounds.
type reader struct {
	*report
	values, expanded int
	full             bool
}

// take counts a value. It is false when there are too many.
func (r *reader) take(v *value, depth int) bool {
	r.values++
	r.expanded += len(v.text)
	switch {
	case r.full:
		return false
	case depth > maxDepth:
		r.errorf(v, "", "", "it lies more than %d deep", maxDepth)
	case r.values > maxValues:
		r.errorf(v, "", "write a smaller manifest, or use fewer aliases", "more than %d values", maxValues)
	case r.expanded > maxExpanded:
		r.errorf(v, "", "use fewer aliases", "more than %d bytes with aliases expanded", maxExpanded)
	default:
		return true
	}
	r.full = true
	return false
}

// readYAML reads the one document of a text. It returns nil if there is none that can
// be read.
func (r *reader) readYAML(text []byte) *value {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.errorf(&value{line: 1}, "", "", "the manifest is empty")
		} else {
			r.syntax(err, text)
		}
		return nil
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		r.errorf(&value{line: next.Line, column: next.Column}, "", "put each application into a file of its own", "a second document begins here")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err, text)
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.errorf(&value{line: 1}, "", "", "the manifest is empty")
		return nil
	}
	return r.node(doc.Content[0], 0)
}

// syntax reports an error of the parser, of which the text has the line.
func (r *reader) syntax(err error, text []byte) {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	at := &value{}
	if rest, ok := strings.CutPrefix(msg, "line "); ok {
		if number, after, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				at.line, msg = n, after
			}
		}
	}
	fix := ""
	if strings.HasSuffix(msg, "cannot start any token") && bytes.Contains(text, []byte("\n\t")) {
		fix = "indent lines by spaces, not by tabs"
	}
	r.errorf(at, "", fix, "not YAML: %.200s", msg)
}

// node reads a node and what is in it. It returns nil where it stopped.
func (r *reader) node(n *yaml.Node, depth int) *value {
	v := &value{line: n.Line, column: n.Column}
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil {
			return nil
		}
		n = n.Alias
	}
	v.text = n.Value
	if !r.take(v, depth) {
		return nil
	}
	switch n.Kind {
	case yaml.ScalarNode:
		r.scalar(v, n)
	case yaml.SequenceNode:
		v.kind = kindList
		r.tagged(v, n, "!!seq")
		v.list = make([]*value, 0, len(n.Content))
		for _, e := range n.Content {
			element := r.node(e, depth+1)
			if element == nil {
				return nil
			}
			v.list = append(v.list, element)
		}
	case yaml.MappingNode:
		v.kind = kindMap
		r.tagged(v, n, "!!map")
		v.entries = make([]entry, 0, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := r.node(n.Content[i], depth+1), r.node(n.Content[i+1], depth+1)
			if key == nil || value == nil {
				return nil
			}
			v.entries = append(v.entries, entry{key, value})
		}
		r.keys(v)
	default:
		return nil
	}
	return v
}

const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

func (r *reader) scalar(v *value, n *yaml.Node) {
	if n.Style&yaml.TaggedStyle != 0 && n.ShortTag() == "!!str" {
		v.kind = kindText
		return
	}
	v.kind = kindText
	if n.Style&quoted == 0 {
		v.plain()
	}
	r.tagged(v, n, [...]string{kindNull: "!!null", kindBool: "!!bool", kindInteger: "!!int", kindFloat: "!!float", kindText: "!!str"}[v.kind])
}

// tagged reports a tag that is not the one that the value has without it.
func (r *reader) tagged(v *value, n *yaml.Node, want string) {
	if n.Style&yaml.TaggedStyle != 0 && n.ShortTag() != want {
		r.errorf(v, "", "delete the tag", "the tag %.40q is not what the value is", n.ShortTag())
	}
}

// keys reports keys that are no scalars, that are there twice, and merge keys.
func (r *reader) keys(v *value) {
	seen := make(map[string]int, len(v.entries))
	for i := range v.entries {
		k := v.entries[i].key
		switch line, again := seen[k.text]; {
		case k.kind == kindList || k.kind == kindMap:
			r.errorf(k, "", "", "%s is a key; want a text", k.what())
		case again:
			r.errorf(k, "", "delete one of the two", "key %.80q is there twice, first in line %d", k.text, line)
		case k.text == "<<" && k.kind == kindText:
			r.errorf(k, "", "write the keys out", "merge keys are not supported: wadm takes %q for a key of that name", k.text)
		}
		seen[k.text] = k.line
	}
}
