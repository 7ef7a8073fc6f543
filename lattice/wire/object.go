package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// EncodeObject returns v in JSON by package encoding/json, for what is no document:
// commands, and what the scheduler keeps for itself. Characters of HTML stay as
// they are, which otherwise take six times the room.
func EncodeObject(what string, v any, limit int) ([]byte, error) {
	return AppendObject(nil, what, v, limit)
}

// AppendObject is EncodeObject after some bytes, which do not count towards the limit.
func AppendObject(head []byte, what string, v any, limit int) ([]byte, error) {
	b := bytes.NewBuffer(head)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, lattice.ErrInvalid, err)
	}
	data := b.Bytes()
	data = data[:len(data)-1] // Encode ends the line
	if n := len(data) - len(head); n > limit {
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", what, lattice.ErrExhausted, n, limit)
	}
	return data, nil
}

// DecodeObject reads one JSON object into v by package encoding/json, and refuses
// what that lets pass: a member that is there twice, one that v does not have, and
// names of fields in other letters. Members of the fields that free names have
// names that are up to whoever wrote them.
func DecodeObject(what string, data []byte, limit int, v any, free ...string) error {
	return decodeObject(refused, what, data, limit, v, free)
}

// DecodeForeign is DecodeObject for what others define: members that v does not
// have are skipped.
func DecodeForeign(what string, data []byte, limit int, v any) error {
	return decodeObject(skipped, what, data, limit, v, nil)
}

func decodeObject(u unknown, what string, data []byte, limit int, v any, free []string) error {
	err := read(what, data, limit, func(r *reader) {
		// null would leave everything at zero.
		if r.peek() != '{' {
			r.fail("want an object, have %s", r.have())
		}
		r.once(u, false, free)
	})
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if u == refused {
		dec.DisallowUnknownFields()
	}
	err = dec.Decode(v)
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at := ""
		if e.Field != "" {
			at = fmt.Sprintf("%.80q: ", e.Field)
		}
		return fmt.Errorf("%s at byte %d: %s%w: no %s belongs there", what, e.Offset, at, lattice.ErrInvalid, e.Value)
	}
	if err != nil {
		return fmt.Errorf("%s before byte %d: %w: %s", what, dec.InputOffset(), lattice.ErrInvalid, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// once reads a value of any kind. No object in it has a member twice, and fields
// are written as all of ours are unless they may be anything.
func (r *reader) once(u unknown, anything bool, free []string) {
	switch r.peek() {
	case '{':
		seen := map[string]bool{}
		r.members(math.MaxInt, func(name string) {
			if seen[name] {
				r.fail("it is there twice")
				return
			}
			if u == refused && !anything && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
				r.fail("it is no known field")
				return
			}
			seen[name] = true
			r.once(u, !anything && slices.Contains(free, name), free)
		})
	case '[':
		r.array(math.MaxInt, func() { r.once(u, false, free) })
	default:
		r.skip()
	}
}
