package catalogue

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
)

// kind is one of the kinds of definitions.
type kind struct {
	name string
	// check returns the name or URI of a definition, and what is wrong with it.
	check func(data []byte) (string, error)
}

// The kinds of definitions.
var (
	tools     = &kind{"tool", checkTool}
	prompts   = &kind{"prompt", checkPrompt}
	resources = &kind{"resource", checkResource}
	templates = &kind{"resource template", checkTemplate}
)

// checkObject returns an object of a server without blanks, if nothing is wrong with what
// is true of all of them.
func checkObject(raw []byte) ([]byte, error) {
	if len(raw) > MaxDefinition {
		return nil, fmt.Errorf("it has %d bytes, the limit is %d", len(raw), MaxDefinition)
	}
	data, err := compact(raw)
	switch {
	case err != nil:
		return nil, err
	case data[0] != '{':
		return nil, errors.New("it is no object")
	}
	if err := (&scanner{rawjson.Scanner{Data: data}}).check("", 1); err != nil {
		return nil, err
	}
	return data, nil
}

// fields are the members of a definition.
type fields []member

// get returns the value of a member, nil if there is none.
func (f fields) get(name string) []byte {
	if i := slices.IndexFunc(f, func(m member) bool { return m.name == name }); i >= 0 {
		return f[i].value
	}
	return nil
}

// text returns a member that is a string.
func (f fields) text(name string) (string, error) {
	s, ok := rawjson.Text(f.get(name))
	if !ok {
		return "", fmt.Errorf("%q is no string", name)
	}
	return s, nil
}

// texts says which of the members that are there is no string.
func (f fields) texts(names ...string) error {
	for _, name := range names {
		if f.get(name) == nil {
			continue
		}
		if _, err := f.text(name); err != nil {
			return err
		}
	}
	return nil
}

func checkTool(data []byte) (string, error) {
	f, err := read(data)
	if err != nil {
		return "", err
	}
	name, err := f.text("name")
	if err != nil {
		return "", err
	}
	if err := lattice.CheckToolName(name); err != nil {
		return "", err
	}
	if err := f.texts("title", "description"); err != nil {
		return name, err
	}
	if a := f.get("annotations"); a != nil && a[0] != '{' {
		return name, errors.New(`"annotations" is no object`)
	}
	if s := f.get("outputSchema"); s != nil && s[0] != '{' {
		return name, errors.New(`"outputSchema" is no object`)
	}
	input, err := read(f.get("inputSchema"))
	if err != nil {
		return name, fmt.Errorf(`"inputSchema": %w`, err)
	}
	if t, _ := rawjson.Text(input.get("type")); t != "object" {
		return name, errors.New(`"inputSchema" is not of type "object"`)
	}
	return name, nil
}

func checkPrompt(data []byte) (string, error) {
	f, err := read(data)
	if err != nil {
		return "", err
	}
	name, err := f.text("name")
	switch {
	case err != nil:
		return "", err
	case name == "" || len(name) > MaxName:
		return name, fmt.Errorf("its name has %d bytes, and needs 1 to %d", len(name), MaxName)
	case strings.TrimSpace(name) != name || strings.ContainsAny(name, "\n\r\t"):
		return name, errors.New("its name has blanks around it, or several lines")
	}
	if a := f.get("arguments"); a != nil && a[0] != '[' {
		return name, errors.New(`"arguments" is no array`)
	}
	return name, f.texts("title", "description")
}

func checkResource(data []byte) (string, error) {
	f, err := read(data)
	if err != nil {
		return "", err
	}
	uri, err := f.uri("uri")
	if err != nil {
		return uri, err
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return uri, errors.New("it is no URI")
	case u.Scheme == "":
		return uri, errors.New("its URI has no scheme")
	}
	return uri, nil
}

func checkTemplate(data []byte) (string, error) {
	f, err := read(data)
	if err != nil {
		return "", err
	}
	return f.uri("uriTemplate")
}

// uri returns a URI, or what it is a template of, of a definition whose other members are
// in order.
func (f fields) uri(member string) (string, error) {
	uri, err := f.text(member)
	switch {
	case err != nil:
		return "", err
	case uri == "" || len(uri) > MaxURI:
		return uri, fmt.Errorf("%q has %d bytes, and needs 1 to %d", member, len(uri), MaxURI)
	case strings.ContainsAny(uri, " \n\r\t"):
		return uri, fmt.Errorf("%q has blanks", member)
	}
	if _, err := f.text("name"); err != nil {
		return uri, err
	}
	return uri, f.texts("title", "description", "mimeType")
}

// read returns the members of a definition, or of a schema in it.
func read(data []byte) (fields, error) {
	all, err := members(data)
	return all, err
}
