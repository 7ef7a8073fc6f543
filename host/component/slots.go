package component

// slots finds what the plan has numbered already: core definitions and options
// are named many times over.
type slots struct {
	mems, funcs map[slotKey]int
	opts        map[options]int
}

// slotKey is what identifies a coreItem.
type slotKey struct {
	inst, tramp int
	name        string
}

func newSlots() slots {
	return slots{mems: map[slotKey]int{}, funcs: map[slotKey]int{}, opts: map[options]int{}}
}

// memSlot returns the slot of a memory in the plan, made if need be.
func (e *elaborator) memSlot(it coreItem) int { return slot(&e.plan.mems, e.slots.mems, it) }

// funcSlot returns the slot of a core function in the plan, made if need be.
func (e *elaborator) funcSlot(it coreItem) int { return slot(&e.plan.funcs, e.slots.funcs, it) }

func slot(items *[]coreItem, index map[slotKey]int, it coreItem) int {
	key := slotKey{inst: it.inst, tramp: it.tramp, name: it.name}
	i, ok := index[key]
	if !ok {
		i = len(*items)
		*items, index[key] = append(*items, it), i
	}
	return i
}
