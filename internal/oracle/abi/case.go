package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// kind says how the memory of a case was made.
type kind string

const (
	proper    kind = "proper"
	corrupted kind = "corrupted"
	anything  kind = "anything"
	texts     kind = "texts"
)

// testCase is one case.
type testCase struct {
	kind     kind
	types    []*wit.Type
	max      int
	from, to abi.Encoding
	memory   []byte
	flat     []uint64
	handles  []*handle
	size     int
	odd      int

	resources []*wit.Resource
	core      []wit.Core
}

// question is a case as the Python side reads it.
type question struct {
	Types   []any    `json:"types"`
	Max     int      `json:"max"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Memory  string   `json:"memory"`
	Flat    []uint64 `json:"flat"`
	Handles [][3]any `json:"handles"`
	Size    int      `json:"size"`
	Odd     int      `json:"odd"`
}

// lowered is what values become on the other side.
type lowered struct {
	Trap    bool
	Flat    []uint64
	Memory  string
	Calls   [][4]uint32
	Handles []*[2]any
}

// answer is what the Python side says of a case.
type answer struct {
	Core        []string
	Size, Align uint32
	Trap        bool
	Values      json.RawMessage
	Held        []*[2]any
	Moved       lowered
	Lowered     lowered
}

// newCase makes the case with the given number.
func newCase(seed, number uint64) (*testCase, error) {
	g := &generator{
		rng:       rand.New(rand.NewPCG(seed, number)),
		resources: []*wit.Resource{{Name: "a"}, {Name: "b"}},
	}
	c := &testCase{
		kind: pick(g, proper, proper, proper, proper, corrupted, corrupted, anything, texts), max: pick(g, 16, 16, 1, 4),
		from: abi.Encoding(g.n(3)), to: abi.Encoding(g.n(3)), resources: g.resources,
	}
	if g.n(10) == 0 {
		c.odd = 1 + g.n(4)
	}
	c.types = g.types()
	if c.kind == texts {
		c.types, c.max = []*wit.Type{{Kind: wit.String}}, 16
	}
	c.core = wit.FlattenTypes(c.types...)
	switch c.kind {
	case texts:
		c.memory, c.flat = g.texts()
	case anything:
		if len(c.core) > c.max {
			c.core = []wit.Core{wit.CoreI32}
		}
		c.memory, c.flat = g.anything(c.core)
		c.handles = []*handle{{res: g.resources[0], rep: 1, own: true}, {res: g.resources[1], rep: 2}, {res: g.resources[0], rep: 3}}
	default:
		src := newSide(1<<20, 0)
		vs := make([]wit.Value, len(c.types))
		for i, t := range c.types {
			vs[i] = g.value(t, src)
		}
		var shapes abi.Shapes
		codec := shapes.Codec(c.types, c.max)
		c.flat = make([]uint64, max(codec.Flat, 1))
		if err := codec.Lower(src.side(c.from), vs, c.flat); err != nil {
			return nil, err
		}
		c.flat = c.flat[:codec.Flat]
		if codec.Spilled {
			c.core, c.flat = []wit.Core{wit.CoreI32}, c.flat[:1]
		}
		c.memory, c.handles = src.bytes[:src.top], src.handles
		if c.kind == corrupted {
			g.corrupt(c.memory, c.flat, c.core)
		}
	}
	// Mostly there is room.
	c.size = 3*len(c.memory) + 512
	if g.n(10) == 0 {
		c.size = g.n(len(c.memory) + 64)
	}
	return c, nil
}

func (c *testCase) question() ([]byte, error) {
	q := question{
		Types: []any{}, Max: c.max, From: c.from.String(), To: c.to.String(), Memory: hex.EncodeToString(c.memory),
		Flat: c.flat, Handles: [][3]any{}, Size: c.size, Odd: c.odd,
	}
	for _, t := range c.types {
		q.Types = append(q.Types, describe(t, c.resources))
	}
	for _, h := range c.handles {
		q.Handles = append(q.Handles, [3]any{slices.Index(c.resources, h.res), h.rep, h.own})
	}
	return json.Marshal(q)
}

// source returns the side from which values are lifted, made anew.
func (c *testCase) source() *side {
	s := &side{bytes: slices.Clone(c.memory)}
	for _, h := range c.handles {
		fresh := *h
		s.handles = append(s.handles, &fresh)
	}
	return s
}

func (c *testCase) String() string {
	var ts []string
	for _, t := range c.types {
		if s := t.Signature(); len(s) < 300 {
			ts = append(ts, s)
		} else {
			ts = append(ts, s[:300]+"…")
		}
	}
	return fmt.Sprintf("%s (%s), at most %d flat, %s to %s, room %d, odd call %d, flat %#x, memory %x",
		c.kind, strings.Join(ts, ", "), c.max, c.from, c.to, c.size, c.odd, c.flat, c.memory[:min(len(c.memory), 400)])
}
