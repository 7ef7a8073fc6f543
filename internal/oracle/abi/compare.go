package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// tally counts what cases came to.
type tally struct{ lifted, liftTraps, moved, moveTraps, tooLarge, differ int }

// trapped runs f and returns the fault that it panics with, if any. Any other
// panic is an error: no input may cause one.
func trapped(f func()) (fault *abi.Fault, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *abi.Fault:
			fault = r
		default:
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	f()
	return nil, nil
}

// compare does a case and says how what comes out differs from the answer.
func (c *testCase) compare(text []byte, t *tally) error {
	var want answer
	if err := json.Unmarshal(text, &want); err != nil {
		return err
	}
	var shapes abi.Shapes
	codec := shapes.Codec(c.types, c.max)
	transfer, err := shapes.Transfer(c.types, c.max)
	if errors.Is(err, abi.ErrTooLarge) {
		t.tooLarge++ // which the specification leaves to hosts
	} else if err != nil {
		return err
	}
	if err := c.layout(&want); err != nil {
		return err
	}

	src := c.source()
	var vs []wit.Value
	fault, err := trapped(func() { vs = codec.Lift(src.side(c.from), slices.Clone(c.flat), &abi.Budget{Left: abi.DefaultBudget}) })
	switch {
	case err != nil:
		return fmt.Errorf("lift: %w", err)
	case want.Trap && fault == nil:
		return errors.New("lift: no trap, want one")
	case want.Trap && transfer == nil:
		t.liftTraps++
		return nil
	case want.Trap:
		t.liftTraps++
		return c.moveTraps(transfer)
	case fault != nil:
		return fmt.Errorf("lift: trap %q, want none", fault.Msg)
	}
	t.lifted++
	var b strings.Builder
	list(&b, len(vs), func(i int) { plain(&b, c.types[i], vs[i]) })
	if b.String() != string(want.Values) {
		return fmt.Errorf("lift: got %s, want %s", b.String(), want.Values)
	}
	if err := sameHandles(src.handles, want.Held); err != nil {
		return fmt.Errorf("lift: left %w", err)
	}

	if want.Moved.Trap {
		t.moveTraps++
	} else {
		t.moved++
	}
	if transfer != nil {
		if err := c.move(transfer, &want.Moved); err != nil {
			return fmt.Errorf("move: %w", err)
		}
	}
	dst, flat := newSide(c.size, c.odd), make([]uint64, max(codec.Flat, 1))
	fault, err = trapped(func() {
		if err := codec.Lower(dst.side(c.to), vs, flat); err != nil {
			panic(err)
		}
	})
	if err == nil {
		err = want.Lowered.check(fault, dst, used(flat, codec.Flat, codec.Spilled))
	}
	if err != nil {
		return fmt.Errorf("lower: %w", err)
	}
	return nil
}

func used(flat []uint64, n int, spilled bool) []uint64 {
	if spilled {
		n = 1
	}
	return flat[:n]
}

// layout compares flattening, size and alignment.
func (c *testCase) layout(want *answer) error {
	var core []string
	for _, t := range wit.FlattenTypes(c.types...) {
		core = append(core, t.String())
	}
	// Flattening stops where nothing is passed flat any more.
	if !slices.Equal(core, want.Core[:min(len(want.Core), wit.MaxFlatParams+1)]) {
		return fmt.Errorf("flattened to %v, want %v", core, want.Core)
	}
	tuple := &wit.Type{Kind: wit.Tuple, Types: c.types}
	if tuple.Size() != want.Size || tuple.Align() != want.Align {
		return fmt.Errorf("size %d and alignment %d, want %d and %d", tuple.Size(), tuple.Align(), want.Size, want.Align)
	}
	return nil
}

// transfer moves the values of a case and returns the fault, if any.
func (c *testCase) transfer(tr *abi.Transfer) (dst *side, flat []uint64, fault *abi.Fault, err error) {
	src, budget := c.source(), &abi.Budget{Left: abi.DefaultBudget}
	dst, flat = newSide(c.size, c.odd), make([]uint64, max(tr.Flat, 1))
	fault, err = trapped(func() {
		if tr.Spilled {
			flat[0] = uint64(tr.MemTo(src.side(c.from), dst.side(c.to), uint32(c.flat[0]), 0, true, budget))
			return
		}
		tr.FlatTo(src.side(c.from), dst.side(c.to), slices.Clone(c.flat), flat, budget)
	})
	return dst, used(flat, tr.Flat, tr.Spilled), fault, err
}

func (c *testCase) moveTraps(tr *abi.Transfer) error {
	_, _, fault, err := c.transfer(tr)
	if err == nil && fault == nil {
		err = errors.New("no trap, want one")
	}
	if err != nil {
		return fmt.Errorf("move: %w", err)
	}
	return nil
}

func (c *testCase) move(tr *abi.Transfer, want *lowered) error {
	dst, flat, fault, err := c.transfer(tr)
	if err != nil {
		return err
	}
	return want.check(fault, dst, flat)
}

// check compares the side that values were lowered to with what is wanted.
func (want *lowered) check(fault *abi.Fault, dst *side, flat []uint64) error {
	switch {
	case want.Trap && fault == nil:
		return errors.New("no trap, want one")
	case want.Trap:
		return nil
	case fault != nil:
		return fmt.Errorf("trap %q, want none", fault.Msg)
	case !slices.Equal(dst.calls, want.Calls):
		return fmt.Errorf("calls of realloc %v, want %v", dst.calls, want.Calls)
	case !sameFlat(flat, want.Flat):
		return fmt.Errorf("core values %#x, want %#x", flat, want.Flat)
	}
	memory, err := hex.DecodeString(want.Memory)
	if err != nil {
		return err
	}
	if !sameMemory(dst.bytes, memory) {
		return fmt.Errorf("memory\n     %x, want\n     %x", dst.bytes, memory)
	}
	return sameHandles(dst.handles, want.Handles)
}

// sameHandles compares handle tables.
func sameHandles(got []*handle, want []*[2]any) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d handles, want %d", len(got), len(want))
	}
	for i, h := range got {
		w := want[i]
		if (h == nil) != (w == nil) || h != nil && (float64(h.rep) != w[0] || h.own != w[1]) {
			return fmt.Errorf("handle %d is %v, want %v", i+1, h, w)
		}
	}
	return nil
}
