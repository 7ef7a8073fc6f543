package component

import (
	"math"
	"strings"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// Description is what can be said of a component without running it or linking
// it to anything. Its JSON form is meant for tools; the world is text in WIT, and
// whoever prints the description adds it.
type Description struct {
	// Size is the size of the binary in bytes.
	Size int `json:"size"`
	// Components is the number of components inside it.
	Components int `json:"components"`
	// Modules are the core modules, those of components inside it included, in
	// the order in which they stand in the binary.
	Modules []ModuleDescription `json:"modules"`
	// Customs are the custom sections, of components inside it included.
	Customs []CustomDescription `json:"customs,omitempty"`
	// Producers says what made the component, as far as it tells.
	Producers []Producer `json:"producers,omitempty"`
	// Imports and Exports are those of the root.
	Imports []ExternDescription `json:"imports"`
	Exports []ExternDescription `json:"exports"`
	// World is the world, nil if WorldError says why there is none.
	World *wit.World `json:"-"`
	// WorldError says why the imports and exports cannot be written as WIT.
	WorldError string `json:"worldError,omitempty"`
	// Notes say what is wrong with the binary that does not matter.
	Notes []string `json:"notes,omitempty"`
}

// ModuleDescription describes a core module.
type ModuleDescription struct {
	Offset int    `json:"offset"`
	Size   int    `json:"size"`
	Name   string `json:"name,omitempty"`
	// Error says what is wrong with the module, in which case nothing else is
	// known of it.
	Error string `json:"error,omitempty"`
	// Functions is the number of functions, CodeBytes the size of their code.
	Functions int `json:"functions"`
	CodeBytes int `json:"codeBytes"`
	// Imports and Exports are counted.
	Imports int `json:"imports"`
	Exports int `json:"exports"`
	// Memories and Tables are those the module has, imported ones included.
	// Memories are measured in bytes, tables in elements.
	Memories     []LimitsDescription `json:"memories,omitempty"`
	Tables       []LimitsDescription `json:"tables,omitempty"`
	DataSegments int                 `json:"dataSegments"`
	DataBytes    int                 `json:"dataBytes"`
	// HasStart says that instantiating the module runs code.
	HasStart bool `json:"hasStart"`
	// Features names the features that the module uses beyond WebAssembly 1.0.
	Features []string `json:"features,omitempty"`
	// Unsupported names those of them with which the module cannot run here.
	Unsupported []string `json:"unsupported,omitempty"`
}

// LimitsDescription is the size of a memory or table.
type LimitsDescription struct {
	Min uint64 `json:"min"`
	// Max is nil if the module sets no maximum.
	Max *uint64 `json:"max,omitempty"`
}

// CustomDescription is a custom section of a component.
type CustomDescription struct {
	Offset int    `json:"offset"`
	Name   string `json:"name"`
	Size   int    `json:"size"`
}

// ExternDescription is an import or export of the root.
type ExternDescription struct {
	Name string `json:"name"`
	// Kind is its sort: "instance", which is an interface, "func", "type".
	Kind string `json:"kind"`
}

// Describe describes a component. The error is that of [binary.Decode]; what is
// wrong with a part of a component which can be decoded is said in the
// description.
func Describe(wasm []byte) (*Description, error) {
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		return nil, err
	}
	d := &Description{
		Size: len(wasm), Modules: []ModuleDescription{}, Imports: []ExternDescription{}, Exports: []ExternDescription{},
	}
	d.component(ast)
	for _, def := range ast.Defs {
		switch x := def.(type) {
		case *binary.Import:
			d.Imports = append(d.Imports, ExternDescription{Name: x.Name.Name, Kind: binary.SortName(x.Type.Sort, x.Type.Core)})
		case *binary.Export:
			d.Exports = append(d.Exports, ExternDescription{Name: x.Name.Name, Kind: binary.SortName(x.Sort, x.Core)})
		}
	}
	for _, c := range ast.Customs {
		if c.Name == "producers" {
			d.Producers = producers(c.Data)
		}
	}
	if IsPackage(ast) {
		d.WorldError = "is a WIT package in its binary form, which has worlds and runs nothing"
		return d, nil
	}
	if d.World, d.Notes, err = documentedWorld(ast); err != nil {
		d.WorldError = err.Error()
	}
	return d, nil
}

// component adds what c and the components inside it are made of.
func (d *Description) component(c *binary.Component) {
	for _, s := range c.Customs {
		d.Customs = append(d.Customs, CustomDescription{Offset: s.Offset, Name: s.Name, Size: len(s.Data)})
	}
	for _, def := range c.Defs {
		switch x := def.(type) {
		case *binary.Component:
			d.Components++
			d.component(x)
		case *binary.CoreModule:
			d.Modules = append(d.Modules, describeModule(x))
		}
	}
}

func describeModule(c *binary.CoreModule) ModuleDescription {
	d := ModuleDescription{Offset: c.Offset, Size: len(c.Bytes)}
	m, err := core.Inspect(c.Bytes)
	if err != nil {
		d.Error = err.Error()
		return d
	}
	d.Name, d.Functions, d.CodeBytes, d.HasStart = m.Name, m.Functions, m.CodeBytes, m.HasStart
	d.Imports, d.Exports = len(m.Imports), len(m.Exports)
	d.DataSegments, d.DataBytes = m.DataSegments, m.DataBytes
	d.Features = strings.Fields(m.Features.String())
	d.Unsupported = strings.Fields(m.Features.Unsupported().String())
	for _, t := range m.Memories {
		d.Memories = append(d.Memories, describeLimits(t.Limits, pageSize))
	}
	for _, t := range m.Tables {
		d.Tables = append(d.Tables, describeLimits(t.Limits, 1))
	}
	return d
}

// pageSize is the unit of the limits of memories, in bytes.
const pageSize = 64 << 10

// describeLimits counts limits in units. What overflows, as a 64-bit memory may,
// is the largest number there is.
func describeLimits(l core.Limits, unit uint64) LimitsDescription {
	scale := func(n uint64) uint64 {
		if n > math.MaxUint64/unit {
			return math.MaxUint64
		}
		return n * unit
	}
	d := LimitsDescription{Min: scale(l.Min)}
	if l.HasMax {
		largest := scale(l.Max)
		d.Max = &largest
	}
	return d
}
