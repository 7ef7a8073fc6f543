package component

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

// hostModule is a core module whose functions are trampolines: each calls that of
// its number in the plan of the instance which runs. Plans whose trampolines have
// the same names and types share it, as those of components made by one toolchain
// for one world do.
type hostModule struct {
	key      hostKey
	compiled wazero.CompiledModule
	instance api.Module
	refs     int // components that are loaded; guarded by Engine.mu
}

// hostKey identifies the names and types of trampolines.
type hostKey = [sha256.Size]byte

func (*hostModule) export(tramp int) string { return trampolineName(tramp) }

func keyOf(tramps []trampoline) (key hostKey) {
	h := sha256.New()
	item := func(b string) {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(b)))
		_, _ = h.Write(size[:])
		_, _ = h.Write([]byte(b))
	}
	for i := range tramps {
		item(tramps[i].name)
		item(valTypes(tramps[i].typ.Params))
		item(valTypes(tramps[i].typ.Results))
	}
	return hostKey(h.Sum(nil))
}

func valTypes(vs []core.ValType) string {
	b := make([]byte, len(vs))
	for i, v := range vs {
		b[i] = byte(v)
	}
	return string(b)
}

// useHost returns the module of trampolines, which the caller releases.
func (e *Engine) useHost(ctx context.Context, tramps []trampoline) (*hostModule, error) {
	key := keyOf(tramps)
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.hosts[key]
	if h == nil {
		var err error
		if h, err = e.newHostModule(ctx, tramps); err != nil {
			return nil, err
		}
		h.key = key
		e.hosts[key] = h
	}
	h.refs++
	return h, nil
}

func (e *Engine) releaseHost(ctx context.Context, h *hostModule) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if h.refs--; h.refs > 0 {
		return nil
	}
	delete(e.hosts, h.key)
	return errors.Join(h.instance.Close(ctx), h.compiled.Close(ctx))
}

func (e *Engine) newHostModule(ctx context.Context, tramps []trampoline) (*hostModule, error) {
	b := e.rt.NewHostModuleBuilder("host")
	for i := range tramps {
		fn := func(ctx context.Context, _ api.Module, stack []uint64) {
			in := instanceOf(ctx)
			in.plan.tramps[i].call(in, stack)
		}
		t := &tramps[i]
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(fn), engineTypes(t.typ.Params), engineTypes(t.typ.Results)).
			WithName(t.name).Export(trampolineName(i))
	}
	compiled, err := b.Compile(ctx)
	if err != nil {
		return nil, err
	}
	inst, err := e.rt.InstantiateModule(ctx, compiled, anonymous)
	if err != nil {
		return nil, errors.Join(err, compiled.Close(ctx))
	}
	return &hostModule{compiled: compiled, instance: inst}, nil
}

func engineTypes(vs []core.ValType) []api.ValueType {
	out := make([]api.ValueType, len(vs))
	for i, v := range vs {
		out[i] = api.ValueType(v)
	}
	return out
}
