package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/core"
)

// engine runs modules, rewritten or not.
type engine struct {
	wazero.Runtime
	// refill is called when fuel is below zero.
	refill func(fuel int64) int64
	// config is that of modules that are instantiated.
	config wazero.ModuleConfig
}

const plenty = 1 << 50

// features are those that Rewrite accepts.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

// newEngine returns an engine.
func newEngine(tb testing.TB) *engine {
	tb.Helper()
	e := &engine{
		Runtime: wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigCompiler().WithCoreFeatures(features)),
		refill:  func(int64) int64 { return plenty },
		config:  wazero.NewModuleConfig().WithName("").WithStartFunctions(),
	}
	tb.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	_, err := e.NewHostModuleBuilder(core.RefillModule).NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			if n, ok := core.TableGrowth(int64(stack[0])); ok {
				stack[0] = uint64(n)
				return
			}
			stack[0] = uint64(e.refill(int64(stack[0])))
		}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).
		Export(core.RefillName).Instantiate(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// plain instantiates a module as it is.
func (e *engine) plain(ctx context.Context, module []byte, resolve func(string) api.Module) (api.Module, error) {
	return e.instantiate(experimental.WithImportResolver(ctx, resolve), module)
}

func (e *engine) instantiate(ctx context.Context, module []byte) (api.Module, error) {
	compiled, err := e.CompileModule(ctx, module)
	if err != nil {
		return nil, err
	}
	return e.InstantiateModule(ctx, compiled, e.config)
}

// linker returns a module that imports what m does and exports it by position.
// Module names of its imports are positions too.
func linker(m *core.Module) []byte {
	var w wasm
	for i, imp := range m.Imports {
		desc := []byte{byte(imp.Type.Kind)}
		switch t := imp.Type; t.Kind {
		case core.KindFunc:
			desc = append(desc, u32(w.typ(t.Func.Params, t.Func.Results))...)
		case core.KindTable:
			most := uint64(core.DefaultMaxTableElements)
			if t.Table.Limits.HasMax {
				most = min(most, t.Table.Limits.Max)
			}
			desc = cat(desc, []byte{byte(t.Table.Elem), 1}, u32(uint32(t.Table.Limits.Min)), u32(uint32(most)))
		case core.KindMemory:
			if t.Memory.Limits.HasMax {
				desc = cat(desc, []byte{1}, u32(uint32(t.Memory.Limits.Min)), u32(uint32(t.Memory.Limits.Max)))
			} else {
				desc = cat(desc, []byte{0}, u32(uint32(t.Memory.Limits.Min)))
			}
		case core.KindGlobal:
			desc = append(desc, byte(t.Global.Type), 0)
			if t.Global.Mutable {
				desc[2] = 1
			}
		}
		w.imports = append(w.imports, cat(name(fmt.Sprint(i)), name(imp.Name), desc))
	}
	index := map[core.Kind]uint32{}
	for i, imp := range m.Imports {
		w.export(fmt.Sprint(i), imp.Type.Kind, index[imp.Type.Kind])
		index[imp.Type.Kind]++
	}
	return w.bytes()
}

// rewritten rewrites and instantiates a module. Its imports are resolved by
// their original names.
func (e *engine) rewritten(ctx context.Context, module []byte, resolve func(string) api.Module) (api.Module, error) {
	m, err := core.Rewrite(module, nil)
	if err != nil {
		return nil, err
	}
	return e.link(ctx, m, resolve)
}

func (e *engine) link(ctx context.Context, m *core.Module, resolve func(string) api.Module) (api.Module, error) {
	var imports api.Module
	if len(m.Imports) > 0 {
		var err error
		imports, err = e.instantiate(experimental.WithImportResolver(ctx, func(position string) api.Module {
			var i int
			if _, err := fmt.Sscan(position, &i); err != nil {
				return nil
			}
			return resolve(m.Imports[i].Module)
		}), linker(m))
		if err != nil {
			return nil, err
		}
	}
	return e.instantiate(experimental.WithImportResolver(ctx, func(module string) api.Module {
		if module == core.PositionalModule {
			return imports
		}
		return nil // the engine finds the refill module itself
	}), m.Bytes)
}

// unresolved resolves nothing.
func unresolved(string) api.Module { return nil }

// trap is what an error says of its cause.
func trap(err error) string {
	if err == nil {
		return ""
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// twins is a module run as it is and rewritten.
type twins struct {
	plain, rewritten api.Module
}

func newTwins(tb testing.TB, e *engine, module []byte) *twins {
	tb.Helper()
	p, err := e.plain(tb.Context(), module, unresolved)
	if err != nil {
		tb.Fatalf("original: %v", err)
	}
	r, err := e.rewritten(tb.Context(), module, unresolved)
	if err != nil {
		tb.Fatalf("rewritten: %v", err)
	}
	return &twins{p, r}
}

// call calls an exported function of both and reports a difference.
func (tw *twins) call(tb testing.TB, function string, args ...uint64) {
	tb.Helper()
	want, wantErr := tw.plain.ExportedFunction(function).Call(tb.Context(), args...)
	got, gotErr := tw.rewritten.ExportedFunction(function).Call(tb.Context(), args...)
	if trap(gotErr) != trap(wantErr) || fmt.Sprint(got) != fmt.Sprint(want) {
		tb.Errorf("%s(%#x) = %#x, %v; original: %#x, %v", function, args, got, gotErr, want, wantErr)
	}
}

// sameMemory reports a difference in the exported memories.
func (tw *twins) sameMemory(tb testing.TB) {
	tb.Helper()
	p, r := tw.plain.ExportedMemory("memory"), tw.rewritten.ExportedMemory("memory")
	if p == nil || r == nil {
		return
	}
	want, _ := p.Read(0, p.Size())
	got, _ := r.Read(0, r.Size())
	if string(got) != string(want) {
		tb.Errorf("memories of %d and %d bytes differ", len(got), len(want))
	}
}
