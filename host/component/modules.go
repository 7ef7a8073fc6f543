package component

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// coreModules are the core modules of a component. Each is read once: by validation, in
// order.
type coreModules struct {
	order []*coreModule
	byAST map[*binary.CoreModule]*coreModule
}

// coreModule is a core module that has been read.
type coreModule struct {
	ast  *binary.CoreModule
	info *core.Module
	// err says why the module, which may be well-formed, cannot be used.
	err   error
	plain uint64 // bytes that are neither code nor data
	// shared is its code and image what its memory starts with, when it has been
	// compiled. Then info has neither its bytes nor its image any more.
	shared *sharedCode
	image  *image
}

// inspect reads a module for validation.
func (ms *coreModules) inspect(m *binary.CoreModule) (*core.Module, error) {
	l := &coreModule{ast: m}
	l.info, l.err = core.Rewrite(m.Bytes, &core.Options{Image: true, State: true})
	if l.err != nil {
		// That which is not supported is no fault as long as it is not run.
		info, err := core.Inspect(m.Bytes)
		if err != nil {
			return nil, err
		}
		l.info = info
	} else {
		l.plain = plainBytes(l.info)
	}
	if ms.byAST == nil {
		ms.byAST = map[*binary.CoreModule]*coreModule{}
	}
	ms.order, ms.byAST[m] = append(ms.order, l), l
	return l.info, nil
}

// moduleUses are the core modules that a plan has.
type moduleUses struct {
	*coreModules
	slots map[*coreModule]int // in the plan
}

// add adds a module to the plan and returns its place there.
func (u *moduleUses) add(p *plan, m *binary.CoreModule) (int, error) {
	l := u.byAST[m]
	if l == nil {
		return 0, &internalError{errors.New("a core module was not validated")}
	}
	if l.err != nil {
		return 0, l.err
	}
	slot, ok := u.slots[l]
	if !ok {
		slot = len(p.modules)
		u.slots[l] = slot
		p.modules = append(p.modules, &coreCode{info: l.info, plain: l.plain})
	}
	return slot, nil
}
