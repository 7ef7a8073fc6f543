// Package mutant makes components that are wrong in places out of ones that
// are not, or not otherwise: the same ones for the same seed.
//
// Bytes changed by chance seldom come further than a decoder. Here most changes
// are made to the syntax tree, which is then written again: an index, a name, a
// kind, a limit or an option becomes another one; definitions are lost, doubled,
// moved and taken from other components of the corpus; whole components are put
// inside others, instantiated, linked with each other and turned into types. The
// rest are changes of sections and of bytes.
package mutant

import (
	"bytes"
	"math/rand/v2"
	"slices"

	bin "github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/internal/oracle/encode"
)

// Source is a component of the corpus.
type Source struct {
	Name string
	Wasm []byte
	// Valid is set if it is valid: most mutants are made of such, since of one
	// that is wrong already there is little to be learned.
	Valid bool
}

// Corpus is what mutants are made of.
type Corpus struct {
	valid   []Source
	sources []Source // those that can be decoded, valid or not
	raw     []Source // the others too
	donors  *donors
}

// New returns a corpus of the given components. Those that cannot be decoded
// serve only for changes of bytes.
func New(sources []Source) *Corpus {
	c := &Corpus{raw: sources, donors: newDonors()}
	for _, s := range sources {
		ast, err := bin.Decode(s.Wasm, nil)
		if err != nil {
			continue
		}
		c.sources = append(c.sources, s)
		if s.Valid {
			c.valid = append(c.valid, s)
		}
		c.donors.add(ast)
	}
	return c
}

// Len returns the number of components, of those that can be decoded, and of
// those that are valid.
func (c *Corpus) Len() (all, decoded, valid int) { return len(c.raw), len(c.sources), len(c.valid) }

// Mutant returns the component with the given number, and says how it was made.
func (c *Corpus) Mutant(seed, number uint64) (wasm []byte, how string) {
	rng := rand.New(rand.NewPCG(seed, number))
	switch n := rng.IntN(100); {
	case n < 5:
		s := c.raw[rng.IntN(len(c.raw))]
		return bytewise(rng, s.Wasm), "bytes of " + s.Name
	case n < 10:
		s := c.raw[rng.IntN(len(c.raw))]
		return c.sectionwise(rng, s.Wasm), "sections of " + s.Name
	}
	ast, how := c.pick(rng)
	switch rng.IntN(12) {
	case 0:
		ast, how = nest(rng, ast), "nested "+how
	case 1:
		ast, how = typify(rng, ast), "type of "+how
	case 2:
		other, name := c.pick(rng)
		ast, how = link(rng, ast, other), how+" linked to "+name
	}
	// Mostly one change, so that there is one thing to disagree on.
	before := encode.Component(ast)
	for changes := 1 + min(rng.IntN(3), rng.IntN(5)); changes > 0; changes-- {
		// Some places mean nothing where they stand.
		for range maxTries {
			what := c.change(rng, ast)
			if wasm = encode.Component(ast); !bytes.Equal(wasm, before) {
				how, before = how+", "+what, wasm
				break
			}
		}
	}
	return before, how
}

// maxTries is how often a change is made that changes nothing.
const maxTries = 10

func (c *Corpus) pick(rng *rand.Rand) (*bin.Component, string) {
	from := c.sources
	if len(c.valid) > 0 && rng.IntN(6) > 0 {
		from = c.valid
	}
	s := from[rng.IntN(len(from))]
	ast, err := bin.Decode(s.Wasm, nil)
	if err != nil {
		panic(err) // New decoded it
	}
	return ast, s.Name
}

// bytewise changes bytes.
func bytewise(rng *rand.Rand, wasm []byte) []byte {
	out := slices.Clone(wasm)
	for range 1 + rng.IntN(2) {
		if len(out) <= 8 {
			return append(out, byte(rng.Uint32()))
		}
		i := 8 + rng.IntN(len(out)-8)
		switch rng.IntN(4) {
		case 0:
			out[i] ^= 1 << rng.IntN(8)
		case 1:
			out[i] = byte(rng.Uint32())
		case 2:
			out[i]++
		case 3:
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

// sectionwise loses, doubles, exchanges and takes over sections.
func (c *Corpus) sectionwise(rng *rand.Rand, wasm []byte) []byte {
	secs, ok := encode.Sections(wasm)
	if !ok || len(secs) == 0 {
		return bytewise(rng, wasm)
	}
	i, j := rng.IntN(len(secs)), rng.IntN(len(secs))
	switch rng.IntN(5) {
	case 0:
		secs = slices.Delete(secs, i, i+1)
	case 1:
		secs = slices.Insert(secs, i, secs[j])
	case 2:
		secs[i], secs[j] = secs[j], secs[i]
	case 3:
		secs[i].Data = bytewise(rng, append(make([]byte, 8), secs[i].Data...))[8:]
	case 4:
		other, ok := encode.Sections(c.raw[rng.IntN(len(c.raw))].Wasm)
		if ok && len(other) > 0 {
			secs = slices.Insert(secs, i, other[rng.IntN(len(other))])
		}
	}
	return encode.WithSections(wasm[:8], secs)
}
