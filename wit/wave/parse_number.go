package wave

import (
	"math"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

func (p *parser) boolean(want *wit.Type) (wit.Value, *Error) {
	yes := p.isWord("true")
	if !yes && !p.isWord("false") {
		return nil, p.unexpected(expected(want))
	}
	p.advance()
	return yes, nil
}

// bits returns the width of a number type.
func bits(k wit.Kind) int {
	switch k {
	case wit.S8, wit.U8:
		return 8
	case wit.S16, wit.U16:
		return 16
	case wit.S32, wit.U32, wit.F32:
		return 32
	default:
		return 64
	}
}

func (p *parser) integer(t, want *wit.Type) (wit.Value, *Error) {
	if p.tok.kind != tokenNumber {
		return nil, p.unexpected(expected(want))
	}
	s := p.word()
	if s == "-inf" || strings.ContainsAny(s, ".eE") {
		return nil, p.errorf("expected %s, %s is not an integer", expected(want), clip(s))
	}
	var v wit.Value
	var err error
	switch t.Kind {
	case wit.S8, wit.S16, wit.S32, wit.S64:
		var n int64
		n, err = strconv.ParseInt(s, 10, bits(t.Kind))
		v = signed(t.Kind, n)
	default:
		var n uint64
		n, err = strconv.ParseUint(s, 10, bits(t.Kind))
		v = unsigned(t.Kind, n)
	}
	if err != nil {
		return nil, p.errorf("%s is out of range: expected %s", clip(s), expected(t))
	}
	p.advance()
	return v, nil
}

func signed(k wit.Kind, n int64) wit.Value {
	switch k {
	case wit.S8:
		return int8(n)
	case wit.S16:
		return int16(n)
	case wit.S32:
		return int32(n)
	default:
		return n
	}
}

func unsigned(k wit.Kind, n uint64) wit.Value {
	switch k {
	case wit.U8:
		return uint8(n)
	case wit.U16:
		return uint16(n)
	case wit.U32:
		return uint32(n)
	default:
		return n
	}
}

func (p *parser) float(t, want *wit.Type) (wit.Value, *Error) {
	var f float64
	switch {
	case p.isWord("nan"):
		f = math.NaN()
	case p.isWord("inf"):
		f = math.Inf(1)
	case p.tok.kind == tokenNumber:
		// What is too large becomes infinite, which ParseFloat reports as an
		// error; it knows "-inf".
		f, _ = strconv.ParseFloat(p.word(), bits(t.Kind))
	default:
		return nil, p.unexpected(expected(want))
	}
	p.advance()
	if t.Kind == wit.F32 {
		return float32(f), nil
	}
	return f, nil
}
