package binary

// preambleSize is the size of a preamble: magic, version, layer.
const preambleSize = 8

const magic = "\x00asm"

// The versions and layers of Binary.md, "Component Definitions", and of the
// core specification, whose four-byte version is read as a version and a layer.
const (
	moduleVersion    = 0x01
	moduleLayer      = 0x00
	componentVersion = 0x0d
	componentLayer   = 0x01
)

// Layer is what a WebAssembly binary holds.
type Layer uint8

// The layers.
const (
	// LayerUnknown is anything that is neither of the others.
	LayerUnknown Layer = iota
	// LayerModule is a core module, of any version.
	LayerModule
	// LayerComponent is a component, of any version.
	LayerComponent
)

func (l Layer) String() string {
	switch l {
	case LayerModule:
		return "core module"
	case LayerComponent:
		return "component"
	default:
		return "unknown"
	}
}

// Sniff tells what a file holds from its first eight bytes. It promises
// nothing about the version or about the rest.
func Sniff(head []byte) Layer {
	if len(head) < preambleSize || string(head[:len(magic)]) != magic {
		return LayerUnknown
	}
	switch _, layer := versionLayer(head); layer {
	case moduleLayer:
		return LayerModule
	case componentLayer:
		return LayerComponent
	default:
		return LayerUnknown
	}
}

// versionLayer returns the version and the layer of a preamble.
func versionLayer(preamble []byte) (version, layer uint16) {
	return uint16(preamble[4]) | uint16(preamble[5])<<8, uint16(preamble[6]) | uint16(preamble[7])<<8
}
