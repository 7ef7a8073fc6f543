package core

import "strconv"

// State is how a host reaches what an instance of the rewritten module holds
// besides its memory, so that it can read it from one instance and write it to
// another, or to the same one later.
type State struct {
	// Globals are the exports of the mutable globals that the module defines and
	// that engines can read and write, without that of the fuel.
	Globals []StateGlobal
	// Start is the export of the start function, or "". The rewritten module
	// does not run it: the host must, right after the module is instantiated.
	Start string
	// Hidden says what an instance may hold that the host does not reach, or "":
	// the instances that have none are in the same state if their memories, their
	// globals and what they import are.
	Hidden string
}

// StateGlobal is a mutable global.
type StateGlobal struct {
	// Export is its name.
	Export string
	Type   ValType
}

const hiddenTables = "tables that its code changes"

// The names of what is exported for State.
const (
	startExport  = ReservedPrefix + "start"
	globalPrefix = ReservedPrefix + "global-"
)

// stateExports decides what State exports and returns how many exports that are.
// The global section has been read.
func (c *codec) stateExports() uint32 {
	s := c.m.State
	if s == nil {
		return 0
	}
	for i := c.importedGlobals; i < len(c.globals); i++ {
		switch g := c.globals[i]; {
		case !g.Mutable:
		case g.Type == I32 || g.Type == I64 || g.Type == F32 || g.Type == F64:
			s.Globals = append(s.Globals, StateGlobal{globalPrefix + strconv.Itoa(i), g.Type})
			c.stateGlobals = append(c.stateGlobals, uint32(i))
		default:
			c.hide("global of type " + g.Type.String())
		}
	}
	n := uint32(len(s.Globals))
	if c.sections[secStart].present {
		s.Start = startExport
		n++
	}
	return n
}

// exportState writes the exports.
func (c *codec) exportState() {
	if c.m.State == nil || c.err != nil {
		return
	}
	for n, g := range c.m.State.Globals {
		c.write(appendName(nil, g.Export)...)
		c.write(appendU32([]byte{byte(KindGlobal)}, c.stateGlobals[n])...)
	}
	if start := c.sections[secStart]; start.present {
		// The section that names it comes later, and is checked then.
		r := reader{buf: c.buf, pos: start.start, end: start.end, fn: -1}
		i := r.u32()
		if c.m.Metered && int64(i) >= int64(c.importedFuncs) {
			i++
		}
		c.write(appendName(nil, startExport)...)
		c.write(appendU32([]byte{byte(KindFunc)}, i)...)
	}
}

// hide notes that instances hold something that the host does not reach.
func (c *codec) hide(what string) {
	if c.m.State != nil && c.m.State.Hidden == "" {
		c.m.State.Hidden = what
	}
}
