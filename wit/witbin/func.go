package witbin

import (
	"fmt"

	"github.com/wattle-dev/wattle/wit"
)

// Check says why a function cannot be called from another host, or returns nil.
// The function's types have been checked as by wit.Checker.
func Check(fn *wit.Func) error {
	if fn.Async {
		return fmt.Errorf("function %q is async", fn.Name)
	}
	for _, p := range fn.Params {
		if k := local(p.Type); k != "" {
			return fmt.Errorf("function %q: parameter %q has %s, which means nothing outside of a host", fn.Name, p.Name, k)
		}
	}
	if fn.Result != nil {
		if k := local(fn.Result); k != "" {
			return fmt.Errorf("function %q: its result has %s, which means nothing outside of a host", fn.Name, k)
		}
	}
	return nil
}

// local names what in a type has no binary form.
func local(t *wit.Type) string {
	if t == nil {
		return ""
	}
	switch t.Kind {
	case wit.Own, wit.Borrow:
		return fmt.Sprintf("a handle of %q", t.Resource.Name)
	case wit.Stream:
		return "a stream"
	case wit.Future:
		return "a future"
	case wit.ErrorContext:
		return "an error-context"
	}
	for _, inner := range []*wit.Type{t.Elem, t.Value, t.Ok, t.Err} {
		if k := local(inner); k != "" {
			return k
		}
	}
	for _, inner := range t.Types {
		if k := local(inner); k != "" {
			return k
		}
	}
	for _, f := range t.Fields {
		if k := local(f.Type); k != "" {
			return k
		}
	}
	return ""
}

// Hash returns a hash of the structure of a function's type: FNV-1a, 64 bits, of
// wit.Func.Signature. Two hosts whose hashes are equal read each other's values.
// It is there to find mistakes and no protection.
func Hash(fn *wit.Func) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(fn.Signature()) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// AppendParams appends the parameters of a call to dst.
func AppendParams(dst []byte, fn *wit.Func, args []wit.Value) ([]byte, error) {
	if len(args) != len(fn.Params) {
		return nil, fmt.Errorf("function %q takes %d parameters and not %d", fn.Name, len(fn.Params), len(args))
	}
	for i := range fn.Params {
		var err error
		if dst, err = appendChecked(dst, fn.Params[i].Type, args[i]); err != nil {
			return nil, fmt.Errorf("function %q: parameter %q: %w", fn.Name, fn.Params[i].Name, err)
		}
	}
	return dst, nil
}

// DecodeParams returns the parameters that AppendParams has written.
func DecodeParams(b []byte, fn *wit.Func) ([]wit.Value, error) {
	r := reader{b: b}
	args := make([]wit.Value, len(fn.Params))
	for i := range fn.Params {
		var err error
		if args[i], err = r.value(fn.Params[i].Type); err != nil {
			return nil, fmt.Errorf("function %q: parameter %q: %w", fn.Name, fn.Params[i].Name, err)
		}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("function %q: parameters: %w", fn.Name, err)
	}
	return args, nil
}

// AppendResults appends the result of a call to dst, if there is one.
func AppendResults(dst []byte, fn *wit.Func, results []wit.Value) ([]byte, error) {
	n := 0
	if fn.Result != nil {
		n = 1
	}
	if len(results) != n {
		return nil, fmt.Errorf("function %q has %d results and not %d", fn.Name, n, len(results))
	}
	if n == 0 {
		return dst, nil
	}
	dst, err := appendChecked(dst, fn.Result, results[0])
	if err != nil {
		return nil, fmt.Errorf("function %q: result: %w", fn.Name, err)
	}
	return dst, nil
}

// DecodeResults returns the result that AppendResults has written.
func DecodeResults(b []byte, fn *wit.Func) ([]wit.Value, error) {
	r := reader{b: b}
	var results []wit.Value
	if fn.Result != nil {
		v, err := r.value(fn.Result)
		if err != nil {
			return nil, fmt.Errorf("function %q: result: %w", fn.Name, err)
		}
		results = []wit.Value{v}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("function %q: result: %w", fn.Name, err)
	}
	return results, nil
}
