package core

import (
	"strconv"
	"strings"
)

// typeSection reads the types, and adds that of the refill function.
func (c *codec) typeSection() {
	n := c.open(secType, c.added())
	c.types = make([]FuncType, 0, n)
	c.callCost = make([]uint32, 0, n)
	values := uint64(0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		at := c.pos
		switch form := c.byte(); {
		case c.err != nil:
			return
		case form >= 0x4e && form <= 0x5f:
			c.fail(at, &UnsupportedError{"gc"}) // rec, sub, array, struct
			return
		case form != 0x60:
			c.failf(at, "%#x is no type", form)
			return
		}
		t := FuncType{Params: c.valTypes("parameters", maxParams), Results: c.valTypes("results", maxResults)}
		values += typeValues + uint64(len(t.Params)+len(t.Results))
		c.limit(at, "values in types", values, maxTypeValues)
		if len(t.Results) > 1 {
			c.use(at, MultiValue)
		}
		c.types = append(c.types, t)
		// Values that cross a call are copied, four in about an instruction's time.
		c.callCost = append(c.callCost, 1+uint32(len(t.Params)+len(t.Results))/4)
	}
	if c.m.Metered && c.err == nil {
		c.cut(c.pos, c.pos)
		c.write(0x60, 1, byte(I64), 1, byte(I64))
	}
}

func (c *codec) valTypes(what string, most uint64) []ValType {
	at := c.pos
	n := c.count()
	c.limit(at, what, uint64(n), most)
	if n == 0 || c.err != nil {
		return nil
	}
	types := make([]ValType, n)
	for i := range types {
		types[i] = c.valType()
	}
	return types
}

func (c *codec) valType() ValType {
	at := c.pos
	t := ValType(c.byte())
	switch t {
	case I32, I64, F32, F64, FuncRef:
	case V128:
		c.use(at, SIMD)
	case ExternRef:
		c.use(at, ReferenceTypes)
	case ExnRef:
		c.use(at, Exceptions)
	default:
		c.badType(at, t)
	}
	return t
}

func (c *codec) refType() ValType {
	at := c.pos
	t := ValType(c.byte())
	switch t {
	case FuncRef:
	case ExternRef:
		c.use(at, ReferenceTypes)
	case ExnRef:
		c.use(at, Exceptions)
	default:
		c.badType(at, t)
	}
	return t
}

func (c *codec) badType(at int, t ValType) {
	switch {
	case t == 0x63 || t == 0x64:
		c.fail(at, &UnsupportedError{"function-references"})
	case t >= 0x68 && t <= 0x74:
		c.fail(at, &UnsupportedError{"gc"})
	default:
		c.failf(at, "%v is not allowed here", t)
	}
}

// importSection renames the imports, and adds the refill function.
func (c *codec) importSection() {
	n := c.open(secImport, c.added())
	c.m.Imports = make([]Import, 0, n)
	for i := uint32(0); i < n && c.err == nil; i++ {
		at := c.pos
		imp := Import{Module: c.name(), Name: c.name()}
		c.cut(at, c.pos)
		if c.writing {
			c.out = appendName(c.out, PositionalModule)
			c.out = appendName(c.out, strconv.Itoa(int(i)))
		}
		kindAt := c.pos
		imp.Type.Kind = Kind(c.byte())
		switch imp.Type.Kind {
		case KindFunc:
			t := c.index("type", len(c.types))
			if c.err == nil {
				c.funcs = append(c.funcs, t)
				imp.Type.Func = c.types[t]
			}
		case KindTable:
			imp.Type.Table = c.tableType()
		case KindMemory:
			imp.Type.Memory = c.memoryType()
		case KindGlobal:
			imp.Type.Global = c.globalType()
			c.globals = append(c.globals, imp.Type.Global)
			if imp.Type.Global.Mutable {
				c.use(kindAt, MutableGlobals)
			}
		case KindTag:
			imp.Type.Func = c.tagType()
		default:
			c.failf(kindAt, "%v of import does not exist", imp.Type.Kind)
		}
		c.m.Imports = append(c.m.Imports, imp)
	}
	c.importedFuncs = len(c.funcs)
	if c.m.Metered && c.err == nil {
		c.cut(c.pos, c.pos)
		c.write(appendName(appendName(nil, RefillModule), RefillName)...)
		c.write(appendU32([]byte{byte(KindFunc)}, uint32(len(c.types)))...)
	}
}

func (c *codec) functionSection() {
	n := c.open(secFunction, 0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		c.funcs = append(c.funcs, c.index("type", len(c.types)))
	}
}

func (c *codec) tableSection() {
	n := c.open(secTable, 0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		if c.pos < c.end && c.buf[c.pos] == 0x40 {
			c.fail(c.pos, &UnsupportedError{"function-references"}) // initial value
			return
		}
		c.tableType()
	}
}

// tableType reads the type of a table, and writes it with a lower maximum.
func (c *codec) tableType() TableType {
	at := c.pos
	t := TableType{Elem: c.refType()}
	limitsAt := c.pos
	t.Limits = c.limits(false)
	most := uint64(c.opts.MaxTableElements)
	c.m.Tables = append(c.m.Tables, t)
	c.limit(at, "tables", uint64(len(c.m.Tables)), maxTables)
	if len(c.m.Tables) > 1 {
		c.use(at, ReferenceTypes)
	}
	if !c.rewriting || c.err != nil {
		return t
	}
	c.limit(limitsAt, "table elements", t.Limits.Min, most)
	if !t.Limits.HasMax || t.Limits.Max > most {
		c.cut(limitsAt, c.pos)
		c.write(1)
		c.write(appendU32(appendU32(nil, uint32(t.Limits.Min)), uint32(most))...)
	}
	return t
}

// Flags of limits (Core Specification, "Limits"; proposals threads, memory64).
const (
	limitsMax    = 0x01
	limitsShared = 0x02
	limits64     = 0x04
)

// limits reads limits; those of memories may be shared.
func (c *codec) limits(memory bool) (l Limits) {
	at := c.pos
	flags := c.byte()
	if flags > limitsMax|limitsShared|limits64 || flags&limitsShared != 0 && !memory {
		c.failf(at, "limits have unknown flags %#x", flags)
		return l
	}
	if flags&limitsShared != 0 {
		c.use(at, Threads)
	}
	l.HasMax, l.Is64 = flags&limitsMax != 0, flags&limits64 != 0
	read := func() uint64 { return uint64(c.u32()) }
	if l.Is64 {
		c.use(at, Memory64)
		read = c.u64
	}
	l.Min = read()
	if l.HasMax {
		if l.Max = read(); l.Max < l.Min && c.err == nil {
			c.failf(at, "maximum %d is below minimum %d", l.Max, l.Min)
		}
	}
	return l
}

func (c *codec) memorySection() {
	n := c.open(secMemory, 0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		at := c.pos
		t := c.memoryType()
		if c.err == nil && c.writing && c.opts.Image {
			c.cut(at, c.pos)
			c.write(c.buf[at])
			c.memoryMinAt = len(c.out)
			c.write(paddedU32(uint32(t.Limits.Min))...)
			if t.Limits.HasMax {
				c.write(appendU32(nil, uint32(t.Limits.Max))...)
			}
		}
	}
}

func (c *codec) memoryType() MemoryType {
	at := c.pos
	var shared bool
	if at < c.end {
		shared = c.buf[at]&limitsShared != 0
	}
	t := MemoryType{Limits: c.limits(true), Shared: shared}
	c.m.Memories = append(c.m.Memories, t)
	if len(c.m.Memories) > 1 {
		c.use(at, MultiMemory)
	}
	return t
}

func (c *codec) tagSection() {
	n := c.open(secTag, 0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		c.tagType()
	}
}

func (c *codec) tagType() FuncType {
	c.use(c.pos, Exceptions)
	if attribute := c.byte(); attribute != 0 {
		c.failf(c.pos-1, "tag has unknown attribute %#x", attribute)
	}
	t := c.index("type", len(c.types))
	if c.err != nil {
		return FuncType{}
	}
	c.tags = append(c.tags, t)
	return c.types[t]
}

// globalSection reads the globals, and adds that which holds the fuel.
func (c *codec) globalSection() {
	// The index of a global that is being defined does not exist for its own
	// initial value, but engines check that; what matters here is that the fuel's
	// does not exist for any.
	c.importedGlobals = len(c.globals)
	n := c.open(secGlobal, c.added())
	for i := uint32(0); i < n && c.err == nil; i++ {
		t := c.globalType()
		c.constExpr()
		c.globals = append(c.globals, t)
	}
	if c.m.Metered && c.err == nil {
		c.cut(c.pos, c.pos)
		c.write(byte(I64), 1, opI64Const)
		c.write(append(appendS64(nil, c.opts.InitialFuel), opEnd)...)
	}
}

func (c *codec) globalType() GlobalType {
	t := GlobalType{Type: c.valType()}
	switch mut := c.byte(); mut {
	case 0:
	case 1:
		t.Mutable = true
	default:
		c.failf(c.pos-1, "%#x is no mutability", mut)
	}
	return t
}

// exportSection reads the exports, and adds the fuel.
func (c *codec) exportSection() {
	n := c.open(secExport, c.added()+c.stateExports())
	c.m.Exports = make([]Export, 0, n)
	seen := make(map[string]struct{}, n)
	for i := uint32(0); i < n && c.err == nil; i++ {
		at := c.pos
		e := Export{Name: c.name()}
		if _, ok := seen[e.Name]; ok && c.err == nil {
			c.failf(at, "export %q is not unique", e.Name)
			return
		}
		if strings.HasPrefix(e.Name, ReservedPrefix) {
			c.failf(at, "export %q has the reserved prefix %q; rename it", e.Name, ReservedPrefix)
			return
		}
		seen[e.Name] = struct{}{}
		c.exportDesc(&e)
		c.m.Exports = append(c.m.Exports, e)
	}
	if c.m.Metered && c.err == nil {
		c.cut(c.pos, c.pos)
		c.write(appendName(nil, FuelExport)...)
		c.write(appendU32([]byte{byte(KindGlobal)}, uint32(len(c.globals)))...)
	}
	c.cut(c.pos, c.pos)
	c.exportState()
}

func (c *codec) exportDesc(e *Export) {
	at := c.pos
	e.Type.Kind = Kind(c.byte())
	exists := func(n int) bool {
		e.Index = c.index(e.Type.Kind.String(), n)
		return c.err == nil
	}
	switch e.Type.Kind {
	case KindFunc:
		if e.Index = c.funcIndex(); c.err == nil {
			e.Type.Func = c.types[c.funcs[e.Index]]
		}
	case KindTable:
		if exists(len(c.m.Tables)) {
			e.Type.Table = c.m.Tables[e.Index]
		}
	case KindMemory:
		if exists(len(c.m.Memories)) {
			e.Type.Memory = c.m.Memories[e.Index]
		}
	case KindGlobal:
		if exists(len(c.globals)) {
			if e.Type.Global = c.globals[e.Index]; e.Type.Global.Mutable {
				c.use(at, MutableGlobals)
			}
		}
	case KindTag:
		if exists(len(c.tags)) {
			e.Type.Func = c.types[c.tags[e.Index]]
		}
	default:
		c.failf(at, "%v of export does not exist", e.Type.Kind)
	}
}

func (c *codec) startSection() {
	if c.m.State == nil {
		c.begin(secStart, false)
	}
	if !c.sections[secStart].present {
		return
	}
	at := c.pos
	c.m.HasStart = true
	i := c.funcIndex()
	if c.err == nil && c.m.State != nil { // else the engine checks it
		if t := c.types[c.funcs[i]]; len(t.Params)+len(t.Results) > 0 {
			c.failf(at, "start function %d has parameters or results", i)
		}
	}
}

// Bits of the form of an element segment (Core Specification, "Element Section").
const (
	elemNotActive = 0x01 // passive or declarative
	elemIndex     = 0x02 // has a table index, or is declarative
	elemExprs     = 0x04 // expressions in place of function indices
)

func (c *codec) elementSection() {
	n := c.open(secElement, 0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		at := c.pos
		form := c.u32()
		if form > elemNotActive|elemIndex|elemExprs {
			c.failf(at, "element segment has unknown form %#x", form)
			return
		}
		if form != 0 {
			c.use(at, BulkMemory)
		}
		if form&elemNotActive == 0 {
			if form&elemIndex != 0 {
				c.index("table", len(c.m.Tables))
			}
			c.constExpr()
		}
		if form&(elemNotActive|elemIndex) != 0 {
			if form&elemExprs != 0 {
				c.refType()
			} else if kind := c.byte(); kind != 0 {
				c.failf(c.pos-1, "%#x is no kind of element", kind)
			}
		}
		for range c.count() {
			if form&elemExprs != 0 {
				c.constExpr()
			} else {
				c.funcIndex()
			}
			if c.err != nil {
				return
			}
		}
	}
}

func (c *codec) dataCountSection() {
	c.begin(secDataCount, false)
	if !c.sections[secDataCount].present {
		return
	}
	at := c.pos
	c.use(at, BulkMemory)
	c.dataCount = c.u32()
	if c.writing && c.opts.Image {
		c.cut(at, c.pos)
		c.dataCountAt = len(c.out)
		c.write(paddedU32(c.dataCount)...)
	}
}

func (c *codec) dataSection() {
	outStart := len(c.out)
	start := c.pos
	n := c.open(secData, 0)
	if c.sections[secDataCount].present && n != c.dataCount {
		c.failf(start, "%d data segments, data count %d", n, c.dataCount)
		return
	}
	c.m.DataSegments = int(n)
	var segments []segment // if there may be an image
	if c.rewriting && c.opts.Image {
		segments = make([]segment, 0, n)
	}
	active := false
	for i := uint32(0); i < n && c.err == nil; i++ {
		s := c.dataSegment()
		active = active || s.active
		c.m.DataBytes += s.end - s.start
		if segments != nil {
			segments = append(segments, s)
		}
	}
	if c.err == nil && len(segments) > 0 {
		c.moveData(segments, outStart)
	}
	if active && c.m.Image == nil {
		c.hide("data that is copied into memory when it is instantiated")
	}
}

func (c *codec) dataSegment() (s segment) {
	at := c.pos
	form := c.u32()
	switch form {
	case 0:
	case 1:
		c.use(at, BulkMemory)
	case 2:
		c.use(at, BulkMemory)
		if c.u32() != 0 {
			c.use(at, MultiMemory)
		}
	default:
		c.failf(at, "data segment has unknown form %#x", form)
		return s
	}
	if s.active = form != 1; s.active {
		expr := c.pos
		c.constExpr()
		s.offset, s.constant = constantI32(c.buf[expr:c.pos])
	}
	size := int(c.count())
	s.start, s.end = c.pos, c.pos+size
	c.skip(size)
	return s
}

// constExpr reads a constant expression, and writes it with its function
// indices moved.
func (c *codec) constExpr() {
	for c.err == nil {
		at := c.pos
		switch op := c.byte(); op {
		case opEnd:
			return
		case opI32Const:
			c.skipSigned(32)
		case opI64Const:
			c.skipSigned(64)
		case opF32Const:
			c.skip(4)
		case opF64Const:
			c.skip(8)
		case opI32Add, opI32Add + 1, opI32Mul, opI64Add, opI64Sub, opI64Mul:
			c.use(at, ExtendedConst)
		case opGlobalGet:
			c.index("global", len(c.globals))
		case opRefNull:
			c.use(at, ReferenceTypes)
			c.refType()
		case opRefFunc:
			c.use(at, ReferenceTypes)
			c.funcIndex()
		case opVecPrefix:
			c.use(at, SIMD)
			if sub := c.byte(); sub != opV128Const {
				c.failf(at, "vector instruction %#x is not constant", sub)
			}
			c.skip(16)
		default:
			c.failf(at, "instruction %#x is not constant", op)
		}
	}
}
