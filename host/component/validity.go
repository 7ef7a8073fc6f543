package component

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/host/component/validate"
)

// Validity is what [Validate] finds in a component that is valid.
type Validity struct {
	// Modules is the number of core modules inside it.
	Modules int `json:"modules"`
	// Unsupported are the features which the component uses and [Engine.Load]
	// refuses as soon as an instance needs them, each once. The code of a core
	// module that uses one has not been checked to its end.
	Unsupported []Unsupported `json:"unsupported,omitempty"`
}

// Unsupported is a feature that does not exist here.
type Unsupported struct {
	// Offset is where in the file the feature is used first.
	Offset int `json:"offset"`
	// Feature names it.
	Feature string `json:"feature"`
}

// CodeCoreCode is the code of an [*InvalidError] for a core module that is
// malformed, or has code that is not valid. The other codes are those of packages
// binary and validate.
const CodeCoreCode = "core-code"

// InvalidError is a component that is not valid, or not within the limits of its
// decoder.
type InvalidError struct {
	// Offset is the offset in the file of what is at fault: as near as is known,
	// which in the code of a core module may be the module.
	Offset int
	// Code is stable: programs may compare it.
	Code string
	// Msg is for people.
	Msg string
	// err is the error of the layer that found the fault.
	err error
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("offset %#x: %s (%s)", e.Offset, e.Msg, e.Code)
}

// Unwrap returns the error of the layer that found the fault.
func (e *InvalidError) Unwrap() error { return e.err }

// Validate decodes a component and checks it as a whole, the code of its core
// modules included, without linking it to anything and without keeping anything.
// A component that is not valid is an [*InvalidError].
func Validate(ctx context.Context, wasm []byte) (*Validity, error) {
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		if fault, ok := errors.AsType[*binary.Error](err); ok {
			return nil, &InvalidError{fault.Offset, string(fault.Code), fault.Msg, err}
		}
		return nil, err
	}
	v := &validity{Validity: &Validity{}, seen: map[string]bool{}}
	if err := validate.Component(ast, &validate.Options{Module: v.module}); err != nil {
		if fault, ok := errors.AsType[*validate.Error](err); ok {
			return nil, &InvalidError{fault.Offset, string(fault.Code), fault.Msg, err}
		}
		return nil, err
	}
	v.component(ast)
	return v.Validity, v.code(ctx)
}

// validity is the work of Validate.
type validity struct {
	*Validity
	seen  map[string]bool
	whole []wholeModule
}

// wholeModule is a core module that uses nothing which the engine does not know,
// as it would be compiled.
type wholeModule struct {
	offset int
	bytes  []byte
}

// unsupported notes a feature that does not exist here.
func (v *validity) unsupported(offset int, feature string) {
	if !v.seen[feature] {
		v.seen[feature] = true
		v.Unsupported = append(v.Unsupported, Unsupported{offset, feature})
	}
}

// module reads a core module for validation.
func (v *validity) module(m *binary.CoreModule) (*core.Module, error) {
	v.Modules++
	info, err := core.Rewrite(m.Bytes, nil)
	if err == nil {
		v.whole = append(v.whole, wholeModule{m.Offset, info.Bytes})
		return info, nil
	}
	var (
		unsupported *core.UnsupportedError
		limit       *core.LimitError
		fault       *core.Error
	)
	offset := m.Offset
	if errors.As(err, &fault) {
		offset += fault.Offset
	}
	switch {
	case errors.As(err, &unsupported):
		v.unsupported(offset, unsupported.Feature)
	case errors.As(err, &limit):
		v.unsupported(offset, "a core module of "+limit.Error())
	default:
		return nil, invalidModule(m, offset, err)
	}
	if info, err = core.Inspect(m.Bytes); err != nil {
		if errors.As(err, &fault) {
			offset = m.Offset + fault.Offset
		}
		return nil, invalidModule(m, offset, err)
	}
	return info, nil
}

func invalidModule(m *binary.CoreModule, offset int, err error) error {
	msg := err.Error()
	if fault, ok := errors.AsType[*core.Error](err); ok {
		msg = fault.Err.Error()
		if fault.Func >= 0 {
			msg = fmt.Sprintf("function %d: %s", fault.Func, msg)
		}
	}
	return &InvalidError{offset, CodeCoreCode, fmt.Sprintf("core module at %#x: %s", m.Offset, msg), err}
}

// code has an engine check the code of the core modules. It is one that does not
// compile to machine code, which would take much longer and is not needed.
func (v *validity) code(ctx context.Context) (err error) {
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(coreFeatures).WithDebugInfoEnabled(false))
	defer func() { err = errors.Join(err, rt.Close(context.WithoutCancel(ctx))) }()
	for _, m := range v.whole {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		compiled, err := rt.CompileModule(ctx, m.bytes)
		if err != nil {
			msg, _, _ := strings.Cut(err.Error(), "\n")
			return &InvalidError{m.offset, CodeCoreCode, oneLine("core module: " + msg), err}
		}
		if err := compiled.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// component notes what of the definitions of c, and of the components inside it,
// does not exist here.
func (v *validity) component(c *binary.Component) {
	for _, def := range c.Defs {
		switch d := def.(type) {
		case *binary.Component:
			v.component(d)
		case *binary.TypeDef:
			v.typeDef(d)
		case *binary.Canon:
			switch d.Op {
			case binary.CanonLift, binary.CanonLower:
				if d.Opts.Async || d.Opts.HasCallback {
					v.unsupported(d.Offset, "the async ABI")
				}
			case binary.CanonResourceNew, binary.CanonResourceDrop, binary.CanonResourceRep:
			default:
				v.unsupported(d.Offset, d.Op.String()+", of the async ABI")
			}
		}
	}
}

func (v *validity) typeDef(d *binary.TypeDef) {
	switch {
	case d.Func != nil && d.Func.Async:
		v.unsupported(d.Offset, "async functions")
	case d.Value != nil && (d.Value.Kind == binary.Stream || d.Value.Kind == binary.Future):
		v.unsupported(d.Offset, "streams and futures")
	case d.Component != nil:
		v.decls(d.Component.Decls)
	case d.Instance != nil:
		v.decls(d.Instance.Decls)
	}
}

func (v *validity) decls(decls []binary.Decl) {
	for _, d := range decls {
		if t, ok := d.(*binary.TypeDef); ok {
			v.typeDef(t)
		}
	}
}
