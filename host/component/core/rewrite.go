package core

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Names that a rewritten module adds to those of the original.
const (
	// RefillModule and RefillName name the imported function of type
	// (i64) -> (i64) that a metered module calls when its fuel is below zero, and
	// before it has a table grow: see [TableGrowth].
	RefillModule = "wattle"
	RefillName   = "refill"
	// PositionalModule is the module name of every original import; the import's
	// name is its position.
	PositionalModule = "i"
	// FuelExport names the exported global that holds the fuel. It must not be
	// given to another module: whoever holds it can grant itself fuel.
	FuelExport = ReservedPrefix + "fuel"
	// ReservedPrefix starts no export of an original module. It starts no name of WIT either, unlike
	// "wattle:", which is the namespace of interfaces.
	ReservedPrefix = "wattle::"
)

// DefaultMaxTableElements is the greatest size of a table unless Options say
// otherwise; an element takes a pointer's size.
const DefaultMaxTableElements = 1 << 18

// The limits of the WebAssembly JavaScript Interface, "Implementation-defined
// Limits", as far as a few bytes could otherwise ask an engine for much memory.
const (
	maxParams    = 1_000
	maxResults   = 1_000
	maxLocals    = 50_000
	maxBodyBytes = 7_654_321
	maxItems     = 1_000_000 // in a section: types, functions, globals, segments
	maxExterns   = 100_000   // imports, exports; the interface allows a million
	// maxTables is far lower than there: each table may grow to
	// MaxTableElements.
	maxTables = 32
	// maxTypeValues is how many parameters and results all types may have, where
	// each type counts for typeValues more. An engine makes code for each type
	// whenever it loads a module, from a cache as well, in about a microsecond for
	// each value. The largest real modules have a few thousand.
	maxTypeValues = 250_000
	typeValues    = 4
	// spareLocals is how many locals more than its bytes a module may declare.
	spareLocals = 1 << 20
	// The operands that blocks, branches and calls have by their types, each time.
	// An engine looks at each when it validates a module, for which a byte is
	// enough to name a thousand. Compilers emit less than one for each byte.
	carriedPerByte = 16
	spareCarried   = 1 << 20
)

// Options say how to rewrite a module. The zero value is usable.
type Options struct {
	// MaxTableElements bounds the size of each table. If zero,
	// DefaultMaxTableElements is used.
	MaxTableElements uint32
	// InitialFuel is the fuel on instantiation. If zero, the first function
	// that runs asks for fuel. It must not be negative.
	InitialFuel int64
	// State makes the state of an instance reachable: see [State].
	State bool
	// Image moves the initial size and content of the memory out of the module
	// and into [Module.Image], where that is possible.
	Image bool
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.MaxTableElements == 0 {
		opts.MaxTableElements = DefaultMaxTableElements
	}
	return opts
}

// Rewrite returns what the host must know of a module, and the module rewritten
// as the package comment says. It does not change module, and keeps nothing of
// it but what is in [Module.Image]. Errors are of type [*Error], except for a
// mistake in opts.
func Rewrite(module []byte, opts *Options) (*Module, error) {
	o := opts.withDefaults()
	if o.InitialFuel < 0 {
		return nil, errors.New("core module: initial fuel is negative")
	}
	return newCodec(module, &o, true).run()
}

// Inspect returns what Rewrite would, without Bytes. It also accepts modules
// that use exceptions, threads, several memories or 64-bit memories, which it
// reports in Features.
func Inspect(module []byte) (*Module, error) {
	o := (*Options)(nil).withDefaults()
	return newCodec(module, &o, false).run()
}

// Section ids (Core Specification, "Modules").
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
	secTag
	numSections
)

// sectionOrder is the order in which sections stand in a module.
var sectionOrder = [...]int{
	secType, secImport, secFunction, secTable, secMemory, secTag, secGlobal, secExport, secStart,
	secElement, secDataCount, secCode, secData,
}

// span is a range of the original module.
type span struct {
	start, end int
	present    bool
}

// codec reads a module and, when rewriting, writes the new one as it reads.
type codec struct {
	reader
	opts Options
	m    *Module

	sections [numSections]span
	names    span // content of the first name section, after its name

	types []FuncType
	// callCost is the cost of a call of each type.
	callCost []uint32
	// funcs holds the type index of each function, imported ones first.
	funcs         []uint32
	importedFuncs int
	// Global, table and memory types, imported ones first; tags by type index.
	globals         []GlobalType
	importedGlobals int
	stateGlobals    []uint32 // the indices of State.Globals
	tags            []uint32
	locals          int    // declared so far, in all functions
	carried         uint64 // operands of blocks, branches and calls so far
	// usesData reports whether an instruction names a data segment.
	usesData  bool
	dataCount uint32

	// rewriting is false in Inspect; then nothing is written.
	rewriting bool
	out       []byte
	// mark is where the part of the original begins that is not written yet.
	mark int
	// writing reports whether the section being read goes to out.
	writing bool
	// sizeAt is where in out the size of the section being written belongs.
	sizeAt int
	// memoryMinAt and dataCountAt are where in out the minimum of the memory and
	// the data count stand, padded, or 0.
	memoryMinAt, dataCountAt int

	body body
}

func newCodec(module []byte, opts *Options, rewriting bool) *codec {
	c := &codec{
		reader:    reader{buf: module, end: len(module), fn: -1},
		opts:      *opts,
		m:         &Module{},
		rewriting: rewriting,
	}
	if opts.State && rewriting {
		c.m.State = &State{}
	}
	return c
}

const header = "\x00asm\x01\x00\x00\x00"

func (c *codec) run() (*Module, error) {
	if !strings.HasPrefix(string(c.buf[:min(len(c.buf), len(header))]), header) {
		c.failf(0, "not a core module of version 1")
		return nil, c.err
	}
	c.pos = len(header)
	c.scan()
	c.meter()
	if c.err == nil && c.rewriting {
		// Checks take about a tenth to a fifth of the module; growing the
		// buffer once more costs a copy.
		c.out = make([]byte, 0, len(c.buf)+len(c.buf)/4+256)
		c.out = append(c.out, header...)
	}
	for _, id := range sectionOrder {
		if c.err != nil {
			return nil, c.err
		}
		c.section(id)
	}
	if c.err != nil {
		return nil, c.err
	}
	c.nameSection()
	if c.rewriting {
		c.m.Bytes = slices.Clip(c.out)
	}
	return c.m, nil
}

// scan finds the sections and checks their order.
func (c *codec) scan() {
	next := 0 // in sectionOrder
	for c.pos < c.end {
		at := c.pos
		id := int(c.byte())
		size := int(c.count())
		content := span{c.pos, c.pos + size, true}
		c.skip(size)
		if c.err != nil {
			return
		}
		if id == secCustom {
			c.custom(content)
			continue
		}
		i := slices.Index(sectionOrder[next:], id)
		if i < 0 {
			c.failf(at, "section %d is unknown, out of order or twice", id)
			return
		}
		next += i + 1
		c.sections[id] = content
	}
}

// custom checks the name of a custom section, and remembers the name section.
func (c *codec) custom(s span) {
	outer := c.reader
	c.pos, c.end = s.start, s.end
	name := c.name()
	if name == "name" && !c.names.present {
		c.names = span{c.pos, s.end, true}
	}
	outer.err = c.err
	c.reader = outer
}

// meter decides whether the module counts fuel: whether it defines functions.
func (c *codec) meter() {
	n := func(id int) uint32 {
		s := c.sections[id]
		if c.err != nil || !s.present {
			return 0
		}
		c.pos, c.end = s.start, s.end
		return c.count()
	}
	functions, bodies := n(secFunction), n(secCode)
	if c.err == nil && functions != bodies {
		c.failf(c.sections[secCode].start, "%d functions have %d bodies", functions, bodies)
	}
	c.m.Metered = functions > 0
	c.m.Functions = int(functions)
	c.m.CodeBytes = c.sections[secCode].end - c.sections[secCode].start
}

// section reads and writes one section.
func (c *codec) section(id int) {
	s := c.sections[id]
	c.pos, c.end = s.start, s.end
	switch id {
	case secType:
		c.typeSection()
	case secImport:
		c.importSection()
	case secFunction:
		c.functionSection()
	case secTable:
		c.tableSection()
	case secMemory:
		c.memorySection()
	case secTag:
		c.tagSection()
	case secGlobal:
		c.globalSection()
	case secExport:
		c.exportSection()
	case secStart:
		c.startSection()
	case secElement:
		c.elementSection()
	case secDataCount:
		c.dataCountSection()
	case secCode:
		c.codeSection()
	case secData:
		c.dataSection()
	}
	if c.err == nil && c.pos != c.end {
		c.failf(c.pos, "%d bytes too many in section %d", c.end-c.pos, id)
	}
	c.close()
}

// open begins a section of n items, to which the rewrite adds some: it returns
// n. A section that is absent has none.
func (c *codec) open(id byte, added uint32) uint32 {
	start := c.pos
	var n uint32
	if c.sections[id].present {
		n = c.count()
		most := uint64(maxItems)
		if id == secImport || id == secExport {
			most = maxExterns
		}
		c.limit(start, "items in section "+strconv.Itoa(int(id)), uint64(n), most)
		if c.err != nil {
			return 0
		}
	}
	c.begin(id, added > 0)
	if added > 0 {
		c.cut(start, c.pos)
		c.write(appendU32(nil, n+added)...)
	}
	return n
}

// begin begins a section that is written if it is present or if forced.
func (c *codec) begin(id byte, forced bool) {
	s := c.sections[id]
	c.writing = c.rewriting && (s.present || forced)
	if !c.writing {
		return
	}
	c.mark = s.start
	c.out = append(c.out, id)
	c.sizeAt = len(c.out)
	c.out = append(c.out, paddedU32(0)...)
}

// close ends a section.
func (c *codec) close() {
	if !c.writing || c.err != nil {
		return
	}
	c.cut(c.end, c.end)
	c.setSize(c.sizeAt)
	c.writing = false
}

// setSize writes the number of bytes that follow a padded size into it.
func (c *codec) setSize(at int) {
	size := paddedU32(uint32(len(c.out) - at - paddedSize))
	copy(c.out[at:], size)
}

// cut writes what of the original stands before from, and leaves out what
// stands between from and to. The replacement, if any, is written next.
func (c *codec) cut(from, to int) {
	if c.writing {
		c.out = append(c.out, c.buf[c.mark:from]...)
		c.mark = to
	}
}

// write writes bytes that are not in the original.
func (c *codec) write(b ...byte) {
	if c.writing {
		c.out = append(c.out, b...)
	}
}

// index reads an index that must be below n.
func (c *codec) index(what string, n int) uint32 {
	start := c.pos
	i := c.u32()
	if c.err == nil && int64(i) >= int64(n) {
		c.failf(start, "%s %d of %d does not exist", what, i, n)
		return 0
	}
	return i
}

// funcIndex reads a function index and writes it as it is after the rewrite.
func (c *codec) funcIndex() uint32 {
	start := c.pos
	i := c.index("function", len(c.funcs))
	if c.m.Metered && int(i) >= c.importedFuncs {
		c.cut(start, c.pos)
		if c.writing {
			c.out = appendU32(c.out, i+1)
		}
	}
	return i
}

// use records that the module uses a feature, and refuses it where needed.
func (c *codec) use(at int, f Features) {
	c.m.Features |= f
	if refused := f &^ rewritable; c.rewriting && refused != 0 {
		c.fail(at, &UnsupportedError{refused.String()})
	}
}

// limit refuses a number of something that is too great.
func (c *codec) limit(at int, what string, got, most uint64) {
	if got > most {
		c.fail(at, &LimitError{what, got, most})
	}
}

// added is the number of items that the rewrite adds to a section.
func (c *codec) added() uint32 {
	if c.m.Metered {
		return 1
	}
	return 0
}

// paddedSize is the number of bytes of a 32-bit integer that was written before
// its value was known.
const paddedSize = 5

func paddedU32(v uint32) []byte {
	return []byte{byte(v) | 0x80, byte(v>>7) | 0x80, byte(v>>14) | 0x80, byte(v>>21) | 0x80, byte(v >> 28)}
}

func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendS64(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

func appendName(b []byte, s string) []byte {
	return append(appendU32(b, uint32(len(s))), s...)
}
