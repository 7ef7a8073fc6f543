package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// function evaluates a functype.
func (c *checker) function(s *scope, d *binary.FuncType, offset int) (*funcType, error) {
	if d.Async {
		if err := c.need(Async, offset, "async functions 🔀"); err != nil {
			return nil, err
		}
	}
	if err := c.spent(c.spend(1+len(d.Params)), offset); err != nil {
		return nil, err
	}
	if err := c.labels("parameter", len(d.Params), func(i int) string { return d.Params[i].Label }, offset); err != nil {
		return nil, err
	}
	t := &funcType{async: d.Async, params: make([]field, len(d.Params))}
	for i, p := range d.Params {
		v, err := c.valType(s, p.Type, p.Offset)
		if err != nil {
			return nil, err
		}
		t.params[i] = field{name: p.Label, value: v}
	}
	var err error
	if t.result, err = c.valType(s, d.Result, offset); err != nil {
		return nil, err
	}
	if t.result != nil && t.result.shape.borrow {
		return nil, c.fail(CodeBorrowResult, offset, "the result of a function contains a borrow")
	}
	return t, nil
}
