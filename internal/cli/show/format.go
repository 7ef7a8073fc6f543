package show

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format is a form in which things are printed.
type Format string

// The formats.
const (
	FormatTable Format = "table"
	FormatWide  Format = "wide"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
)

// Formats are all of them.
var Formats = []Format{FormatTable, FormatWide, FormatJSON, FormatYAML}

// ParseFormat checks the name of a format.
func ParseFormat(s string) (Format, error) {
	if f := Format(s); slices.Contains(Formats, f) {
		return f, nil
	}
	return "", fmt.Errorf("output %q is not known: use table, wide, json or yaml", s)
}

// JSON writes a value, indented unless it is to be a line of its own.
func JSON(w io.Writer, v any, line bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if !line {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// YAML writes a value with the names that it has in JSON, and in their order.
func YAML(w io.Writer, v any) error {
	var b strings.Builder
	if err := JSON(&b, v, true); err != nil {
		return err
	}
	var doc yaml.Node // JSON is YAML
	if err := yaml.Unmarshal([]byte(b.String()), &doc); err != nil {
		return err
	}
	plain(&doc)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return err
	}
	return e.Close()
}

// plain drops the style of JSON from a document. Empty collections keep it: they
// have no other.
func plain(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode || len(n.Content) > 0 {
		n.Style = 0
	}
	for _, c := range n.Content {
		plain(c)
	}
}

// Text replaces control characters, with which a text could write anything
// anywhere on a terminal.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return '�'
	}, s)
}
