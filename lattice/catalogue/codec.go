package catalogue

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxText bounds the JSON of Contents.
const maxText = MaxListing + MaxInstructions*6 + 2*MaxDefinition + (MaxProblems*MaxProblem)*6 + 64<<10

// Encode returns the document of a listing that is clean. The error is ErrExhausted if it
// is too large even compressed.
func Encode(l *Listing) ([]byte, error) {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(&l.Contents); err != nil {
		return nil, fmt.Errorf("listing: %w: %v", lattice.ErrInvalid, err)
	}
	if _, err := parse(plain.Bytes()); err != nil {
		return nil, fmt.Errorf("encode %w", err)
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(plain.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return wire.EncodePacked(&wire.Packed{
		Component: l.Component, Host: l.Host, Digest: l.Digest, Revision: l.Revision, Contents: packed.Bytes(),
	})
}

// Decode reads a listing of a host.
func Decode(data []byte, host lattice.HostID, component lattice.ComponentID) (*Listing, error) {
	p, err := wire.DecodePacked(data, host, component)
	if err != nil {
		return nil, err
	}
	return Unpack(p)
}

// Unpack reads a listing of which wire.DecodePacked has read whose it is.
func Unpack(p *wire.Packed) (*Listing, error) {
	z, err := gzip.NewReader(bytes.NewReader(p.Contents))
	if err != nil {
		return nil, fmt.Errorf("listing: %w: %v", lattice.ErrInvalid, err)
	}
	z.Multistream(false)
	plain, err := io.ReadAll(io.LimitReader(z, maxText+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("listing: %w: %v", lattice.ErrInvalid, err)
	case len(plain) > maxText:
		return nil, fmt.Errorf("listing: %w: more than %d bytes", lattice.ErrInvalid, maxText)
	}
	c, err := parse(plain)
	if err != nil {
		return nil, err
	}
	return &Listing{Component: p.Component, Host: p.Host, Digest: p.Digest, Revision: p.Revision, Contents: *c}, nil
}

// parse reads contents, which have to be clean. Members that are not known are skipped.
func parse(plain []byte) (*Contents, error) {
	c, err := decode(plain)
	if err != nil {
		return nil, fmt.Errorf("listing: %w: %v", lattice.ErrInvalid, err)
	}
	if clean := Clean(c); !equal(c, clean) {
		reason := "it is not in order"
		if n := len(c.Problems); n < len(clean.Problems) {
			reason = clean.Problems[n]
		}
		return nil, fmt.Errorf("listing: %w: %s", lattice.ErrInvalid, reason)
	}
	return c, nil
}

func decode(plain []byte) (*Contents, error) {
	data, err := compact(plain)
	if err != nil {
		return nil, err
	}
	all, err := members(data)
	if err != nil {
		return nil, err
	}
	c := new(Contents)
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.name] {
			return nil, fmt.Errorf("the member %.80q is there twice", m.name)
		}
		seen[m.name] = true
		switch m.name {
		case "versions":
			c.Versions, err = texts(m.value, MaxVersions)
		case "server_info":
			c.ServerInfo = m.value
		case "capabilities":
			c.Capabilities = m.value
		case "instructions":
			c.Instructions, err = one(m.value)
		case "tools":
			c.Tools, err = rawjson.Elements(m.value, MaxDefinitions)
		case "prompts":
			c.Prompts, err = rawjson.Elements(m.value, MaxDefinitions)
		case "resources":
			c.Resources, err = rawjson.Elements(m.value, MaxDefinitions)
		case "templates":
			c.Templates, err = rawjson.Elements(m.value, MaxDefinitions)
		case "problems":
			c.Problems, err = texts(m.value, MaxProblems)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", m.name, err)
		}
	}
	return c, nil
}

func one(data []byte) (string, error) {
	s, ok := rawjson.Text(data)
	if !ok {
		return "", errors.New("it is no string")
	}
	return s, nil
}

func texts(data []byte, limit int) ([]string, error) {
	raw, err := rawjson.Elements(data, limit)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range raw {
		s, err := one(r)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// equal reports whether contents are the same, byte for byte.
func equal(a, b *Contents) bool {
	same := func(x, y []json.RawMessage) bool {
		return slices.EqualFunc(x, y, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) })
	}
	return slices.Equal(a.Versions, b.Versions) && bytes.Equal(a.ServerInfo, b.ServerInfo) && bytes.Equal(a.Capabilities, b.Capabilities) &&
		a.Instructions == b.Instructions && same(a.Tools, b.Tools) && same(a.Prompts, b.Prompts) &&
		same(a.Resources, b.Resources) && same(a.Templates, b.Templates) && slices.Equal(a.Problems, b.Problems)
}
