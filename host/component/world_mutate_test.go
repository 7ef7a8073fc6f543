package component_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// FuzzWorldTree checks the worlds of components whose syntax tree is wrong in
// places: indices, names, flags, definitions that are lost or doubled. Changed
// bytes seldom come that far. An input is a sequence of changes, four bytes
// each.
func FuzzWorldTree(f *testing.F) {
	wasm, err := os.ReadFile("testdata/world/shapes.wasm")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte{0, 40, 0, 3, 1, 0, 1, 9})
	f.Fuzz(func(t *testing.T, changes []byte) { testTree(t, wasm, changes) })
}

// TestWorldTree is FuzzWorldTree with changes by chance. What must hold besides:
// some of the changed components have a world and some have none.
func TestWorldTree(t *testing.T) {
	wasm, err := os.ReadFile("testdata/world/shapes.wasm")
	if err != nil {
		t.Fatal(err)
	}
	const rounds = 1500
	rng := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range rounds {
		changes := make([]byte, 4*(1+rng.IntN(4)))
		for i := range changes {
			changes[i] = byte(rng.Uint32())
		}
		if testTree(t, wasm, changes) {
			good++
		}
	}
	if good == 0 || good == rounds {
		t.Errorf("%d of %d changed components have a world", good, rounds)
	}
	t.Logf("%d of %d changed components have a world", good, rounds)
}

// testTree reports whether the changed component has a world.
func testTree(t *testing.T, wasm, changes []byte) bool {
	t.Helper()
	ast, err := bin.Decode(wasm, nil)
	if err != nil {
		t.Fatal(err)
	}
	var places []reflect.Value
	collect(reflect.ValueOf(ast), &places)
	for ; len(changes) >= 4; changes = changes[4:] {
		change(places[int(binary.BigEndian.Uint16(changes))%len(places)], changes[2], changes[3])
	}
	w, err := component.World(ast)
	if err != nil {
		return false
	}
	checkWorld(t, w)
	return true
}

// change changes a place of a component.
func change(v reflect.Value, how, by byte) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(by&1 != 0)
	case reflect.Uint32:
		v.SetUint(uint64(by))
	case reflect.Uint8:
		v.SetUint(uint64(by))
	case reflect.String:
		names := []string{"", "point", "canvas", "[method]canvas.draw", "[constructor]canvas", "wattle:shapes/kinds@1.2.0", "a b", "self"}
		v.SetString(names[int(by)%len(names)])
	case reflect.Slice:
		n := v.Len()
		if n == 0 {
			return
		}
		i := int(by) % n
		if how&1 != 0 {
			v.Set(reflect.Append(v, v.Index(i)))
			return
		}
		out := reflect.MakeSlice(v.Type(), 0, n)
		out = reflect.AppendSlice(out, v.Slice(0, i))
		v.Set(reflect.AppendSlice(out, v.Slice(i+1, n)))
	}
}

// collect appends all places of a tree that can be changed.
func collect(v reflect.Value, places *[]reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), places)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch v.Type().Field(i).Name {
			case "Offset", "Size", "Customs", "Raw", "Bytes":
			case "Kind", "Present", "Prim":
				// Which parts of a type there are is for the decoder to see to.
			default:
				collect(v.Field(i), places)
			}
		}
	case reflect.Slice:
		if v.CanSet() {
			*places = append(*places, v)
		}
		for i := range v.Len() {
			collect(v.Index(i), places)
		}
	case reflect.Bool, reflect.Uint32, reflect.Uint8, reflect.String:
		if v.CanSet() {
			*places = append(*places, v)
		}
	}
}
