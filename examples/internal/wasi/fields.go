//go:build wasip1

package wasi

// Fields is an own handle of wasi:http/types.fields, which is also the type of
// headers and trailers.
type Fields uint32

// Field is one field line.
type Field struct {
	Name, Value string
}

//go:wasmimport wasi:http/types@0.2.12 [constructor]fields
func newFields() Fields

//go:wasmimport wasi:http/types@0.2.12 [method]fields.append
func fieldsAppend(self Fields, name string, value string, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [method]fields.entries
func fieldsEntries(self Fields, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]fields
func fieldsDrop(self Fields)

// NewFields returns an empty, mutable collection.
func NewFields() Fields { return newFields() }

// Append adds a field line and reports whether the host accepted it. Hosts
// refuse fields that belong to the connection, such as Transfer-Encoding, and
// values that are not valid.
func (f Fields) Append(name, value string) bool {
	var ret retArea
	fieldsAppend(f, name, value, &ret)
	return ret.u8(0) == 0
}

// Entries copies all field lines.
func (f Fields) Entries() []Field {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	fieldsEntries(f, &ret)
	// list<tuple<string, list<u8>>>: two pointer-length pairs per element.
	list := scratchBytes(ret.u32(0), ret.u32(4)*16)
	entries := make([]Field, 0, ret.u32(4))
	for ; len(list) > 0; list = list[16:] {
		entries = append(entries, Field{
			Name:  scratchString(le32(list), le32(list[4:])),
			Value: scratchString(le32(list[8:]), le32(list[12:])),
		})
	}
	return entries
}

// Drop gives the handle back.
func (f Fields) Drop() { fieldsDrop(f) }

// optionString lifts an option<string> at off in ret: tag, pointer, length.
func optionString(ret *retArea, off uint32) (string, bool) {
	if ret.u8(off) == 0 {
		return "", false
	}
	return scratchString(ret.u32(off+4), ret.u32(off+8)), true
}
