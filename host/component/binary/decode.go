package binary

// Decode decodes a component. The result aliases data. Nil options are the
// defaults. The error is an [*Error].
func Decode(data []byte, opts *Options) (*Component, error) {
	d := &decoder{opts: opts.withDefaults(), data: data, end: len(data)}
	if len(data) > d.opts.MaxSize {
		d.fail(CodeTooLarge, d.opts.MaxSize, "the file has %d bytes, more than %d", len(data), d.opts.MaxSize)
		return nil, d.err
	}
	c := d.component()
	if d.err != nil {
		return nil, d.err
	}
	return c, nil
}

// component reads a component from pos to end.
func (d *decoder) component() *Component {
	if d.depth >= d.opts.MaxDepth {
		d.fail(CodeTooDeep, d.pos, "components are nested more than %d deep", d.opts.MaxDepth)
		return nil
	}
	d.depth++
	defer func() { d.depth-- }()

	c := &Component{Offset: d.pos, Size: d.end - d.pos}
	d.preamble()
	for d.err == nil && d.pos < d.end {
		d.sectionOf(c)
	}
	return c
}

// preamble reads the preamble of a component, and says what the input is
// instead if it is none.
func (d *decoder) preamble() {
	off, head := d.pos, d.data[d.pos:d.end]
	switch n := min(len(head), len(magic)); {
	case len(d.data) == 0:
		d.fail(CodeNotWasm, off, "the input is empty")
		return
	case string(head[:n]) != magic[:n]:
		d.fail(CodeNotWasm, off, "not a WebAssembly binary: it starts with % x, want % x", head[:n], magic)
		return
	}
	if len(head) < preambleSize {
		d.fail(CodeTruncated, d.end, "the input ends inside the preamble")
		return
	}
	switch version, layer := versionLayer(head); {
	case layer == moduleLayer && version == moduleVersion && d.depth > 1:
		d.fail(CodeCoreModule, off, "the content of a component section is a core module")
	case layer == moduleLayer && version == moduleVersion:
		d.fail(CodeCoreModule, off, "this is a core module, not a component: "+
			"wrap it with `wasm-tools component new` or `jco new`")
	case layer != componentLayer:
		d.fail(CodeVersion, off+6, "layer %d with version %#x is not known", layer, version)
	case version < componentVersion:
		d.fail(CodeVersion, off+4, "component of the earlier version %#x, want %#x: "+
			"rebuild it with current tools", version, componentVersion)
	case version > componentVersion:
		d.fail(CodeVersion, off+4, "component of the unknown version %#x, want %#x", version, componentVersion)
	default:
		d.pos += preambleSize
	}
}

// The sections of Binary.md, "Component Definitions".
const (
	sectionCustom = iota
	sectionCoreModule
	sectionCoreInstance
	sectionCoreType
	sectionComponent
	sectionInstance
	sectionAlias
	sectionType
	sectionCanon
	sectionStart
	sectionImport
	sectionExport
	sectionValue
)

var sectionNames = [...]string{
	sectionCustom:       "custom",
	sectionCoreModule:   "core module",
	sectionCoreInstance: "core instance",
	sectionCoreType:     "core type",
	sectionComponent:    "component",
	sectionInstance:     "instance",
	sectionAlias:        "alias",
	sectionType:         "type",
	sectionCanon:        "canon",
	sectionStart:        "start",
	sectionImport:       "import",
	sectionExport:       "export",
	sectionValue:        "value",
}

// sectionOf reads a section of c.
func (d *decoder) sectionOf(c *Component) {
	off := d.pos
	id := d.byte("a section number")
	if int(id) >= len(sectionNames) {
		d.fail(CodeUnknownSection, off, "section %d is not known", id)
		return
	}
	size := d.u32("the size of a section")
	if d.err != nil {
		return
	}
	if left := d.end - d.pos; uint64(size) > uint64(left) {
		d.fail(CodeTruncated, d.end, "the %s section at %#x has %d bytes, of which %d are there",
			sectionNames[id], off, size, left)
		return
	}
	outer := d.end
	d.end = d.pos + int(size)
	d.section = sectionNames[id]
	d.content(c, id)
	if d.err == nil && d.pos < d.end {
		d.fail(CodeSectionSize, d.pos, "%d bytes too many", d.end-d.pos)
	}
	d.section = ""
	d.end = outer
}

// content reads the content of a section of c.
func (d *decoder) content(c *Component, id byte) {
	switch id {
	case sectionCustom:
		d.spend(d.pos, 1)
		custom := d.custom()
		c.Customs = append(c.Customs, custom)
	case sectionCoreModule:
		d.spend(d.pos, 1)
		c.Defs = append(c.Defs, d.coreModule())
	case sectionCoreInstance:
		definitions(d, c, "core instances", (*decoder).coreInstance)
	case sectionCoreType:
		definitions(d, c, "core types", (*decoder).coreType)
	case sectionComponent:
		d.spend(d.pos, 1)
		d.section = ""
		nested := d.component()
		c.Defs = append(c.Defs, nested)
	case sectionInstance:
		definitions(d, c, "instances", (*decoder).instance)
	case sectionAlias:
		definitions(d, c, "aliases", (*decoder).alias)
	case sectionType:
		definitions(d, c, "types", (*decoder).typeDef)
	case sectionCanon:
		definitions(d, c, "canonical definitions", (*decoder).canon)
	case sectionStart:
		d.spend(d.pos, 1)
		c.Defs = append(c.Defs, d.start())
	case sectionImport:
		definitions(d, c, "imports", (*decoder).importDef)
	case sectionExport:
		definitions(d, c, "exports", (*decoder).exportDef)
	case sectionValue:
		definitions(d, c, "values", (*decoder).value)
	}
}

// definitions reads a vector of definitions of c.
func definitions[T Def](d *decoder, c *Component, what string, read func(*decoder) T) {
	for range d.count(what) {
		def := read(d)
		if d.err != nil {
			return
		}
		c.Defs = append(c.Defs, def)
	}
}

// custom reads the content of a custom section. Its data is never a fault.
func (d *decoder) custom() Custom {
	off := d.pos
	name := d.name("the name of a custom section")
	data := d.bytes(uint32(d.end-d.pos), "a custom section")
	return Custom{Offset: off, Name: name, Data: data}
}

// coreModule reads a core module, of which it looks at the preamble only.
func (d *decoder) coreModule() *CoreModule {
	off := d.pos
	b := d.bytes(uint32(d.end-d.pos), "a core module")
	if len(b) < preambleSize || string(b[:len(magic)]) != magic {
		d.fail(CodeCorePreamble, off, "the content is not a core module")
	} else if version, layer := versionLayer(b); version != moduleVersion || layer != moduleLayer {
		d.fail(CodeCorePreamble, off+4, "the content has version %#x and layer %d, want a core module of version %#x",
			version, layer, moduleVersion)
	}
	return &CoreModule{Offset: off, Bytes: b}
}
