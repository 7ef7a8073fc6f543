package component

import (
	"encoding/binary"
	"strconv"

	"github.com/tetratelabs/wazero"

	"github.com/wattle-dev/wattle/host/component/core"
)

// shimHost is the name under which a shim imports the plan's trampolines.
const shimHost = "h"

// newShim returns a core module that imports the given definitions from where
// they are and exports them as "0", "1", …, which is what a rewritten module
// imports. Re-exports cost nothing at run time: the engine resolves them when
// it links.
func newShim(imports []coreItem) *coreCode {
	str := func(b []byte, s string) []byte {
		return append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	var types, imps, exps []byte
	nTypes := uint64(0)
	counts := map[core.Kind]uint64{}
	for i, it := range imports {
		module, name := strconv.Itoa(it.inst), it.name
		if it.inst == hostInst {
			module, name = shimHost, trampolineName(it.tramp)
		}
		imps = str(str(imps, module), name)
		imps = append(imps, byte(it.typ.Kind))
		switch t := it.typ; t.Kind {
		case core.KindFunc:
			types = append(types, 0x60)
			for _, vs := range [][]core.ValType{t.Func.Params, t.Func.Results} {
				types = binary.AppendUvarint(types, uint64(len(vs)))
				for _, v := range vs {
					types = append(types, byte(v))
				}
			}
			imps = binary.AppendUvarint(imps, nTypes)
			nTypes++
		case core.KindTable:
			// The least demanding type: the importing module makes its own
			// demands of the same table.
			imps = append(imps, byte(t.Table.Elem), 0, 0)
		case core.KindMemory:
			imps = append(imps, 0, 0)
		case core.KindGlobal:
			mut := byte(0)
			if t.Global.Mutable {
				mut = 1
			}
			imps = append(imps, byte(t.Global.Type), mut)
		}
		exps = append(str(exps, strconv.Itoa(i)), byte(it.typ.Kind))
		exps = binary.AppendUvarint(exps, counts[it.typ.Kind])
		counts[it.typ.Kind]++
	}
	b := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	section := func(id byte, n uint64, body []byte) {
		body = append(binary.AppendUvarint(nil, n), body...)
		b = append(b, id)
		b = append(binary.AppendUvarint(b, uint64(len(body))), body...)
	}
	section(1, nTypes, types)
	section(2, uint64(len(imports)), imps)
	section(7, uint64(len(imports)), exps)
	return &coreCode{bytes: b}
}

func trampolineName(i int) string { return "t" + strconv.Itoa(i) }

// coreCode is a core module on its way to the engine and in it.
type coreCode struct {
	bytes    []byte // what the engine compiles; nil once it has
	info     *core.Module
	compiled wazero.CompiledModule
	image    *image // what its memory starts with, or nil
}
