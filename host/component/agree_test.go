package component_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// wasiInterfaces returns all interfaces of WASI as a host has them, with
// functions that do nothing.
func wasiInterfaces(t *testing.T) []component.HostInterface {
	t.Helper()
	set, err := deps.Packages(&syntax.Options{AllFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	var out []component.HostInterface
	for _, p := range set.Packages {
		for _, i := range p.Interfaces {
			h := component.HostInterface{ID: i.ID.Unversioned().String(), Version: i.ID.Version}
			for _, d := range i.Types {
				if d.Resource != nil && d.Use == nil && d.Alias == nil {
					h.Resources = append(h.Resources, &component.HostResource{Interface: h.ID, Name: d.Name})
				}
			}
			for _, f := range i.Funcs {
				h.Funcs = append(h.Funcs, component.HostFunc{Name: f.Name, Signature: f.Signature(), Call: func(*component.Call, []uint64) {}})
			}
			out = append(out, h)
		}
	}
	return out
}

// TestLinkingAgreesWithServices changes a host in many ways, and demands that
// what is said of a component without linking it, by package compat on its world,
// is what linking says, on its binary types.
func TestLinkingAgreesWithServices(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	engine := newEngine(t, nil)
	hosts := wasiInterfaces(t)
	kinds := map[string]int{}
	for _, file := range []string{"../../examples/hello-http/hello.wasm", "../../examples/http-proxy/proxy.wasm"} {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		about, err := component.Describe(wasm)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			changed := make([]component.HostInterface, len(hosts))
			for i, h := range hosts {
				changed[i] = h
				changed[i].Funcs, changed[i].Resources = slices.Clone(h.Funcs), slices.Clone(h.Resources)
			}
			for range 1 + random.IntN(3) {
				kinds[changeHost(random, about, &changed)]++
			}
			var l component.Linker
			for _, h := range changed {
				if err := l.Define(h); err != nil {
					t.Fatal(err)
				}
			}
			var said []string
			for _, s := range about.Services(&l) {
				for _, r := range s.Reasons {
					said = append(said, fmt.Sprintf("import %q: %s", s.Import, r))
				}
			}
			if len(said) == 0 {
				continue // the change is to something that the component does not use
			}
			_, err := engine.Load(t.Context(), wasm, &l)
			if _, ok := errors.AsType[*component.LinkError](err); !ok {
				t.Fatalf("%s, host %d: linking says %v, services say\n%s", file, n, err, strings.Join(said, "\n"))
			}
			linked := strings.Split(err.Error(), "\n")
			slices.Sort(said)
			slices.Sort(linked)
			if diff := cmp.Diff(said, linked); diff != "" {
				t.Errorf("%s, host %d (-services +linking):\n%s", file, n, diff)
			}
		}
	}
	if len(kinds) != 5 {
		t.Errorf("changes: %v; want all five kinds", kinds)
	}
}

// changeHost changes something that a component imports.
func changeHost(random *rand.Rand, about *component.Description, hosts *[]component.HostInterface) string {
	im := about.World.Imports[random.IntN(len(about.World.Imports))]
	at := slices.IndexFunc(*hosts, func(h component.HostInterface) bool { return h.ID == im.ID.Unversioned().String() })
	if at < 0 {
		return changeHost(random, about, hosts)
	}
	h := &(*hosts)[at]
	wanted := im.Interface.Funcs
	switch k := random.IntN(10); {
	case k == 0:
		*hosts = slices.Delete(*hosts, at, at+1)
		return "no interface"
	case k == 1:
		h.Version = "0.9.0"
		return "other track"
	case k == 2 && len(h.Resources) > 0:
		h.Resources = h.Resources[1:]
		return "no resource"
	case k < 6 && len(wanted) > 0:
		name := wanted[random.IntN(len(wanted))].Name
		h.Funcs = slices.DeleteFunc(h.Funcs, func(f component.HostFunc) bool { return f.Name == name })
		return "no function"
	case len(wanted) > 0:
		name := wanted[random.IntN(len(wanted))].Name
		for i := range h.Funcs {
			if h.Funcs[i].Name == name {
				h.Funcs[i].Signature = changeSignature(random, h.Funcs[i].Signature)
			}
		}
		return "other type"
	}
	return changeHost(random, about, hosts)
}

// changeSignature changes the type of a function: a number, a name, the result.
func changeSignature(random *rand.Rand, signature string) string {
	f, err := wit.ParseSignature(signature)
	if err != nil {
		panic(err)
	}
	switch n := len(f.Params); random.IntN(4) {
	case 0:
		f.Async = true
	case 1:
		if n > 0 {
			f.Params[n-1].Name += "-x"
		}
	case 2:
		if n > 0 {
			f.Params[n-1].Type = &wit.Type{Kind: wit.List, Elem: &wit.Type{Kind: wit.F32}}
		}
	default:
		if f.Result != nil && f.Result.Kind == wit.Result {
			f.Result.Err = &wit.Type{Kind: wit.Enum, Labels: []string{"a", "b"}}
		} else {
			f.Result = &wit.Type{Kind: wit.Option, Elem: &wit.Type{Kind: wit.U8}}
		}
	}
	return f.Signature()
}
