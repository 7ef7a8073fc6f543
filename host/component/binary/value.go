package binary

// start reads start (Binary.md, "Start Definitions").
func (d *decoder) start() *Start {
	return &Start{
		Offset:  d.offset(),
		Func:    d.idx("a function"),
		Args:    vec(d, "start arguments", (*decoder).valueIdx),
		Results: d.u32("the number of start results"),
	}
}

func (d *decoder) valueIdx() uint32 { return d.idx("a value") }

// value reads value (Binary.md, "Value Definitions"). The bytes of the value
// itself can be understood only with its type at hand, so they stay bytes.
func (d *decoder) value() *ValueDef {
	v := &ValueDef{Offset: d.offset(), Type: d.valType()}
	v.Data = d.bytes(d.u32("the length of a value"), "a value")
	return v
}
