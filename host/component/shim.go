package component

import (
	"encoding/binary"
	"strconv"

	"github.com/tetratelabs/wazero"

	"github.com/wattle-dev/wattle/host/component/core"
)

// What a shim imports from, besides core instances by their number.
const (
	shimHost  = "h" // the plan's trampolines
	shimFlags = "f" // the flags of component instances
)

// newShim returns a core module that imports the given definitions from where
// they are and exports them as "0", "1", …, which is what a rewritten module
// imports. Re-exports cost nothing at run time: the engine resolves them when
// it links. Calls between component instances that can be made without leaving
// guest code are functions of the shim itself.
func newShim(p *plan, imports []coreItem) *coreCode {
	b := shimBuilder{indices: map[shimImport]uint64{}}
	indices := make([]uint64, len(imports))
	var fused []*fusion
	for i, it := range imports {
		if f := p.fusion(it); f != nil {
			b.use(f)
			fused = append(fused, f)
			continue
		}
		indices[i] = b.importItem(it)
	}
	next := b.counts[core.KindFunc]
	for i, it := range imports {
		if p.fusion(it) != nil {
			indices[i] = next
			next++
		}
		b.exports = append(appendName(b.exports, strconv.Itoa(i)), byte(it.typ.Kind))
		b.exports = binary.AppendUvarint(b.exports, indices[i])
	}
	for _, f := range fused {
		b.define(f)
	}
	return &coreCode{bytes: b.module(uint64(len(imports)))}
}

// shimImport identifies an import of a shim.
type shimImport struct {
	module, name string
	kind         core.Kind
}

// shimBuilder writes the sections of a shim.
type shimBuilder struct {
	types, imports, funcs, exports, code, names []byte

	nTypes, nImports, nFuncs uint64

	counts  map[core.Kind]uint64
	indices map[shimImport]uint64 // of imports that fused calls share
}

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// origin returns where a definition is imported from.
func (it coreItem) origin() (module, name string) {
	switch it.inst {
	case hostInst:
		return shimHost, trampolineName(it.tramp)
	case flagsInst:
		return shimFlags, it.name
	}
	return strconv.Itoa(it.inst), it.name
}

// importItem imports a definition and returns its index.
func (b *shimBuilder) importItem(it coreItem) uint64 {
	module, name := it.origin()
	b.imports = append(appendName(appendName(b.imports, module), name), byte(it.typ.Kind))
	switch t := it.typ; t.Kind {
	case core.KindFunc:
		b.imports = binary.AppendUvarint(b.imports, b.typeIndex(t.Func))
	case core.KindTable:
		// The least demanding type: the importing module makes its own
		// demands of the same table.
		b.imports = append(b.imports, byte(t.Table.Elem), 0, 0)
	case core.KindMemory:
		b.imports = append(b.imports, 0, 0)
	case core.KindGlobal:
		mut := byte(0)
		if t.Global.Mutable {
			mut = 1
		}
		b.imports = append(b.imports, byte(t.Global.Type), mut)
	}
	if b.counts == nil {
		b.counts = map[core.Kind]uint64{}
	}
	i := b.counts[it.typ.Kind]
	b.counts[it.typ.Kind]++
	b.nImports++
	return i
}

// shared imports a definition that fused calls share, once.
func (b *shimBuilder) shared(it coreItem) {
	module, name := it.origin()
	key := shimImport{module, name, it.typ.Kind}
	if _, ok := b.indices[key]; !ok {
		b.indices[key] = b.importItem(it)
	}
}

// index returns the index of a definition that shared has imported.
func (b *shimBuilder) index(it coreItem) uint64 {
	module, name := it.origin()
	return b.indices[shimImport{module, name, it.typ.Kind}]
}

func (b *shimBuilder) typeIndex(t core.FuncType) uint64 {
	b.types = append(b.types, 0x60)
	for _, vs := range [][]core.ValType{t.Params, t.Results} {
		b.types = binary.AppendUvarint(b.types, uint64(len(vs)))
		for _, v := range vs {
			b.types = append(b.types, byte(v))
		}
	}
	b.nTypes++
	return b.nTypes - 1
}

// module returns the whole.
func (b *shimBuilder) module(nExports uint64) []byte {
	out := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	section := func(id byte, n uint64, body []byte) {
		if id != 7 && n == 0 {
			return
		}
		body = append(binary.AppendUvarint(nil, n), body...)
		out = append(out, id)
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	}
	section(1, b.nTypes, b.types)
	section(2, b.nImports, b.imports)
	section(3, b.nFuncs, b.funcs)
	section(7, nExports, b.exports)
	section(10, b.nFuncs, b.code)
	if b.nFuncs > 0 { // for backtraces
		names := append(binary.AppendUvarint(nil, b.nFuncs), b.names...)
		names = append(append([]byte{1}, binary.AppendUvarint(nil, uint64(len(names)))...), names...)
		names = append(appendName(nil, "name"), names...)
		out = append(binary.AppendUvarint(append(out, 0), uint64(len(names))), names...)
	}
	return out
}

func trampolineName(i int) string { return "t" + strconv.Itoa(i) }

// coreCode is a core module on its way to the engine and in it.
type coreCode struct {
	bytes    []byte // what the engine compiles; nil once it has
	info     *core.Module
	plain    uint64 // bytes that are neither code nor data
	shared   *sharedCode
	compiled wazero.CompiledModule // while the component is loaded
	image    *image                // what its memory starts with, or nil
}
