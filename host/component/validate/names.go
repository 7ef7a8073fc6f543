package validate

import (
	"cmp"
	"errors"
	"strings"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// nameKind is which production of externname a name is.
type nameKind uint8

const (
	labelName nameKind = iota
	constructorName
	methodName
	staticName
	interfaceName
)

// externName is a name of an import or export, parsed. An annotated name has
// the label of its resource.
type externName struct {
	kind     nameKind
	resource string
}

// clip bounds what an error message quotes.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// parseName parses an externname (Explainer.md, "Import and Export Definitions").
func (c *checker) parseName(s string, offset int) (externName, error) {
	bad := func(why string) (externName, error) {
		return externName{}, c.fail(CodeName, offset, "name %q is not valid: %s", clip(s), why)
	}
	switch annotation, rest, _ := strings.Cut(s, "]"); annotation {
	case "[constructor":
		if !wit.IsLabel(rest) {
			return bad("the resource is not in kebab case")
		}
		return externName{constructorName, rest}, nil
	case "[method", "[static":
		kind := methodName
		if annotation == "[static" {
			kind = staticName
		}
		resource, label, ok := strings.Cut(rest, ".")
		if !ok {
			return bad(`it has no "." after the resource`)
		}
		if !wit.IsLabel(resource) || !wit.IsLabel(label) {
			return bad("the resource or the function is not in kebab case")
		}
		return externName{kind, resource}, nil
	}
	if strings.Contains(s, ":") {
		if err := c.interfaceName(s); err != nil {
			return bad(err.Error())
		}
		return externName{kind: interfaceName}, nil
	}
	if !wit.IsLabel(s) {
		return bad("it is not in kebab case, nor an interface name")
	}
	return externName{kind: labelName}, nil
}

// interfaceName checks an interfacename. The error does not repeat it.
func (c *checker) interfaceName(s string) error {
	id, err := wit.ParseInterfaceID(s)
	if err != nil {
		return cmp.Or(errors.Unwrap(err), err)
	}
	if id.Version == "" || c.has(CanonicalNames) {
		return nil
	}
	_, err = wit.ParseVersion(id.Version)
	return err
}

// canonical returns a string that is equal for names that are not
// strongly-unique (Explainer.md, "Name Uniqueness").
func canonical(s string) string {
	s = strings.ToLower(s)
	if rest, ok := strings.CutPrefix(s, "[method]"); ok {
		s = rest
	} else if rest, ok := strings.CutPrefix(s, "[static]"); ok {
		s = rest
	} else {
		return s
	}
	if resource, label, _ := strings.Cut(s, "."); resource == label {
		return label
	}
	return s
}

// names are the names of the imports, or exports, of a scope so far.
type names struct {
	seen map[string]string // from canonical form
	// labels are the names of resources, and resources their labels: those of
	// the indices that the imports or exports introduced.
	labels    map[string]bool
	resources map[*resourceType]string
}

// addName checks the name of an import or export with its attributes, and
// remembers it. What it demands of the type is checked by annotated.
func (c *checker) addName(n *names, name binary.Name, x extern, offset int) (externName, error) {
	parsed, err := c.parseName(name.Name, offset)
	if err != nil {
		return parsed, err
	}
	key := canonical(name.Name)
	if other, ok := n.seen[key]; ok {
		return parsed, c.fail(CodeDuplicateName, offset, "name %q conflicts with the name %q", clip(name.Name), clip(other))
	}
	if n.seen == nil {
		n.seen = map[string]string{}
	}
	n.seen[key] = name.Name
	return parsed, c.attributes(name, parsed, x, offset)
}

// attributes checks the attributes of a name.
func (c *checker) attributes(name binary.Name, parsed externName, x extern, offset int) error {
	if name.Implements != "" || name.ExternalID != "" {
		if err := c.need(Attributes, offset, "implements and external-id 🏷️"); err != nil {
			return err
		}
	}
	if name.Implements != "" {
		if err := c.interfaceName(name.Implements); err != nil {
			return c.fail(CodeAttribute, offset, "interface name %q, which %q implements: %v", clip(name.Implements), clip(name.Name), err)
		}
		if _, ok := x.(*instanceType); !ok || parsed.kind != labelName {
			return c.fail(CodeAttribute, offset, "%q: only an instance with a plain name can say what it implements", clip(name.Name))
		}
	}
	if name.VersionSuffix == "" {
		return nil
	}
	if err := c.need(CanonicalNames, offset, "versionsuffix 🔗"); err != nil {
		return err
	}
	_, version, _ := strings.Cut(name.Name, "@")
	if strings.ContainsAny(version, "+-") || version == "" || wit.Track(version) != version {
		return c.fail(CodeAttribute, offset, "%q: only a name with a canonical version can have a version suffix", clip(name.Name))
	}
	if _, err := wit.ParseVersion(version + name.VersionSuffix); err != nil {
		return c.fail(CodeAttribute, offset, "versionsuffix: %v", err)
	}
	return nil
}

// annotated checks what the name of a function says about its type (Binary.md,
// "Import and Export Definitions").
func (c *checker) annotated(n *names, name string, parsed externName, x extern, offset int) error {
	if parsed.kind == labelName || parsed.kind == interfaceName {
		return nil
	}
	bad := func(why string) error {
		return c.fail(CodeAnnotatedName, offset, "%q %s", clip(name), why)
	}
	f, ok := x.(*funcType)
	if !ok {
		return bad("is not a function")
	}
	var handle *value
	switch parsed.kind {
	case constructorName:
		handle = f.result
		if handle != nil && handle.shape.typ.Kind == wit.Result {
			handle = handle.parts[0]
		}
		if handle == nil || handle.shape.typ.Kind != wit.Own {
			return bad("does not return the resource, or a result of it")
		}
	case methodName:
		if len(f.params) == 0 || f.params[0].name != "self" || f.params[0].value.shape.typ.Kind != wit.Borrow {
			return bad(`has no first parameter "self" which borrows the resource`)
		}
		handle = f.params[0].value
	default: // staticName
		if !n.labels[parsed.resource] {
			return bad("names a resource that is not there")
		}
		return nil
	}
	if got, ok := n.resources[handle.resource]; !ok || got != parsed.resource {
		return bad("is a function of another resource")
	}
	return nil
}

// addResource remembers the name of a resource.
func (n *names) addResource(name string, x extern) {
	t, ok := x.(typeExtern)
	if !ok {
		return
	}
	r, ok := t.def.(*resourceType)
	if !ok {
		return
	}
	if n.labels == nil {
		n.labels, n.resources = map[string]bool{}, map[*resourceType]string{}
	}
	n.labels[name], n.resources[r] = true, name
}
