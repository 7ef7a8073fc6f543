package wire

import (
	"encoding/base64"

	"github.com/wattle-dev/wattle/lattice"
)

// Packed is what a host has found out that a component of it offers as an MCP server.
// Package lattice/catalogue knows what is in it.
type Packed struct {
	Component lattice.ComponentID `json:"component"`
	Host      lattice.HostID      `json:"host"`
	Digest    string              `json:"digest"`
	Revision  uint64              `json:"revision"`
	// Contents are a JSON object in the form of gzip (RFC 1952). In the document they are
	// in base64.
	Contents []byte `json:"contents"`
}

// EncodePacked returns the document of what a component offers.
func EncodePacked(p *Packed) ([]byte, error) {
	return encode("listing", p, MaxDocument, func(data []byte) error {
		_, err := DecodePacked(data, p.Host, p.Component)
		return err
	})
}

// DecodePacked reads what a host says that a component offers.
func DecodePacked(data []byte, host lattice.HostID, component lattice.ComponentID) (*Packed, error) {
	p := new(Packed)
	err := read("listing", data, MaxDocument, func(r *reader) {
		r.record(skipped, "component host digest revision contents", func(field string) bool {
			switch field {
			case "component":
				p.Component = expected(r, lattice.ParseComponentID, component)
			case "host":
				p.Host = expected(r, lattice.ParseHostID, host)
			case "digest":
				p.Digest = r.digest()
			case "revision":
				p.Revision = r.uint(0, maxUint)
			case "contents":
				p.Contents = r.contents()
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// contents reads bytes in base64 (RFC 4648 section 4).
func (r *reader) contents() []byte {
	text := r.string(base64.StdEncoding.EncodedLen(MaxContents))
	if r.err != nil {
		return nil
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) == 0 || len(data) > MaxContents {
		r.fail("want 1 to %d bytes in base64", MaxContents)
		return nil
	}
	return data
}
