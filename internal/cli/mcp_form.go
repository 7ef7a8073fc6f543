package cli

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
)

// form asks the user, on a terminal, what a tool wants to know.
type form struct {
	in  *bufio.Reader
	out io.Writer
}

func newForm(in io.Reader, out io.Writer) *form { return &form{bufio.NewReader(in), out} }

// errDeclined is that the user has ended the input.
var errDeclined = errors.New("declined")

// field is a field of a form (MCP 2026-07-28, Elicitation, "Requested Schema").
type field struct {
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Default     json.RawMessage `json:"default"`
	Enum        []string        `json:"enum"`
	OneOf       []choice        `json:"oneOf"`
	Items       *struct {
		Enum  []string `json:"enum"`
		AnyOf []choice `json:"anyOf"`
	} `json:"items"`
}

type choice struct {
	Const string `json:"const"`
	Title string `json:"title"`
}

// ask asks a question. To end the input, with Ctrl-D, declines.
func (f *form) ask(q *mcpclient.Question) (*mcpclient.Answer, error) {
	fmt.Fprintf(f.out, "\n%s\n", printable(q.Message))
	answer, err := f.fields(q)
	if errors.Is(err, errDeclined) {
		fmt.Fprintln(f.out, "declined")
		return &mcpclient.Answer{Action: "decline"}, nil
	}
	return answer, err
}

func (f *form) fields(q *mcpclient.Question) (*mcpclient.Answer, error) {
	if q.URL != "" {
		fmt.Fprintf(f.out, "Open this address if you trust it: %s\nThen press Enter; Ctrl-D declines: ", show.Text(q.URL))
		_, err := f.line()
		return &mcpclient.Answer{Action: "accept"}, err
	}
	var schema struct {
		Properties map[string]field `json:"properties"`
		Required   []string         `json:"required"`
	}
	if err := json.Unmarshal(q.Schema, &schema); err != nil {
		return nil, fmt.Errorf("the form that the tool asks for cannot be read: %w", err)
	}
	fmt.Fprintln(f.out, "Ctrl-D declines.")
	names := slices.SortedFunc(maps.Keys(schema.Properties), func(a, b string) int {
		return cmp.Or(cmp.Compare(place0(schema.Required, a), place0(schema.Required, b)), cmp.Compare(a, b))
	})
	answer := &mcpclient.Answer{Action: "accept", Content: map[string]any{}}
	for _, name := range names {
		one := schema.Properties[name]
		v, given, err := f.field(name, &one, slices.Contains(schema.Required, name))
		if err != nil {
			return nil, err
		}
		if given {
			answer.Content[name] = v
		}
	}
	return answer, nil
}

// place0 is where a name is in a list, the end if it is not there.
func place0(list []string, name string) int {
	if i := slices.Index(list, name); i >= 0 {
		return i
	}
	return len(list)
}

// field asks for a field until the answer is one.
func (f *form) field(name string, one *field, required bool) (v any, given bool, err error) {
	values := one.choices()
	for {
		f.prompt(name, one, values, required)
		line, err := f.line()
		if err != nil {
			return nil, false, err
		}
		if line == "" {
			switch {
			case len(one.Default) > 0:
				return one.Default, true, nil
			case !required:
				return nil, false, nil
			}
		}
		v, problem := one.parse(line, values)
		if problem == "" {
			return v, true, nil
		}
		fmt.Fprintf(f.out, "  %s\n", problem)
	}
}

// choices are the values that a field can have, nil if it can have any.
func (one *field) choices() []choice {
	enum, titled := one.Enum, one.OneOf
	if one.Items != nil {
		enum, titled = one.Items.Enum, one.Items.AnyOf
	}
	for _, e := range enum {
		titled = append(titled, choice{Const: e})
	}
	return titled
}

func (f *form) prompt(name string, one *field, values []choice, required bool) {
	if one.Description != "" {
		fmt.Fprintf(f.out, "  %s\n", printable(one.Description))
	}
	for i, c := range values {
		fmt.Fprintf(f.out, "  %d  %s\n", i+1, show.Text(cmp.Or(c.Title, c.Const)))
	}
	kind := cmp.Or(one.Type, "string")
	switch {
	case kind == "array":
		kind = "numbers with commas between"
	case len(values) > 0:
		kind = "a number"
	case kind == "boolean":
		kind = "y or n"
	}
	switch {
	case len(one.Default) > 0:
		kind += ", or nothing for " + string(one.Default)
	case !required:
		kind += ", or nothing"
	}
	fmt.Fprintf(f.out, "%s (%s): ", show.Text(cmp.Or(one.Title, name)), show.Text(kind))
}

// parse reads an answer, and says what is wrong with it.
func (one *field) parse(line string, values []choice) (v any, problem string) {
	if one.Type == "array" {
		all := []string{}
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			c, problem := choose(part, values)
			if problem != "" {
				return nil, problem
			}
			all = append(all, c)
		}
		return all, ""
	}
	if len(values) > 0 {
		return choose(line, values)
	}
	switch one.Type {
	case "boolean":
		switch strings.ToLower(line) {
		case "y", "yes", "true":
			return true, ""
		case "n", "no", "false":
			return false, ""
		}
		return nil, "write y or n"
	case "integer":
		n, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			return nil, "write a whole number"
		}
		return n, ""
	case "number":
		if !json.Valid([]byte(line)) || strings.ContainsAny(line, `"[{tfn`) {
			return nil, "write a number"
		}
		return json.Number(line), ""
	}
	return line, ""
}

// choose returns the value of a number, or of itself.
func choose(text string, values []choice) (value, problem string) {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(values) {
		return values[n-1].Const, ""
	}
	for _, c := range values {
		if c.Const == text {
			return text, ""
		}
	}
	return "", fmt.Sprintf("write a number from 1 to %d", len(values))
}

// maxAnswer bounds a line that the user writes.
const maxAnswer = 64 << 10

// line reads a line.
func (f *form) line() (string, error) {
	var line []byte
	for {
		part, more, err := f.in.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return "", errDeclined
		case err != nil:
			return "", err
		case len(line)+len(part) > maxAnswer:
			return "", fmt.Errorf("the line is longer than %d bytes", maxAnswer)
		}
		if line = append(line, part...); !more {
			return strings.TrimSpace(string(line)), nil
		}
	}
}
