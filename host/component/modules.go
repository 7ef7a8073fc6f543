package component

import (
	"context"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// coreModules are the core modules of a component while it is loaded. Each is
// read once: by validation, in order.
type coreModules struct {
	order []*loadedModule
	byAST map[*binary.CoreModule]*loadedModule
}

// loadedModule is a core module that has been read.
type loadedModule struct {
	offset int
	info   *core.Module
	// err says why the module, which may be well-formed, cannot be used.
	err  error
	used bool
	slot int // in the plan, if used
}

// inspect reads a module for validation.
func (ms *coreModules) inspect(m *binary.CoreModule) (*core.Module, error) {
	l := &loadedModule{offset: m.Offset}
	l.info, l.err = core.Rewrite(m.Bytes, &core.Options{Image: true, State: true})
	if l.err != nil {
		// That which is not supported is no fault as long as it is not run.
		info, err := core.Inspect(m.Bytes)
		if err != nil {
			return nil, err
		}
		l.info = info
	}
	if ms.byAST == nil {
		ms.byAST = map[*binary.CoreModule]*loadedModule{}
	}
	ms.order, ms.byAST[m] = append(ms.order, l), l
	return l.info, nil
}

// use adds a module to the plan and returns its place there.
func (ms *coreModules) use(p *plan, m *binary.CoreModule) (int, error) {
	l := ms.byAST[m]
	switch {
	case l == nil:
		return 0, &internalError{errors.New("a core module was not validated")}
	case l.err != nil:
		return 0, l.err
	case !l.used:
		l.used, l.slot = true, len(p.modules)
		p.modules = append(p.modules, &coreCode{bytes: l.info.Bytes, info: l.info})
	}
	return l.slot, nil
}

// checkUnused has the engine check the code of the modules that no instance
// uses: a component is valid as a whole or not at all. The component holds their
// code like that of the others, so that it is compiled once.
func (e *Engine) checkUnused(ctx context.Context, c *Component, ms *coreModules) error {
	for _, l := range ms.order {
		if l.used || l.err != nil {
			continue
		}
		if err := e.share(ctx, c, &coreCode{bytes: l.info.Bytes, info: l.info}); err != nil {
			return errors.Join(fmt.Errorf("core module at %#x: %w", l.offset, err), c.Close(context.WithoutCancel(ctx)))
		}
	}
	return nil
}
