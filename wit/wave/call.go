package wave

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// MaxName bounds the name of a function in a call, in bytes.
const MaxName = 4 << 10

// Call is a call whose arguments have not been read: what they are depends on the
// function.
type Call struct {
	// Name is the function as it was written: "add", "ops.add",
	// "demo:calc/ops@1.0.0.add", "[method]counter.get". Who has the functions
	// decides which one it is.
	Name string

	p     *parser
	start int
}

// ParseCall reads the beginning of a call, name(…), up to its arguments. The
// error is an [*Error].
func ParseCall(text string) (*Call, error) {
	p, bad := newParser(text)
	if bad != nil {
		return nil, bad
	}
	c, bad := p.call(0)
	if bad != nil {
		return nil, bad
	}
	return c, nil
}

// call reads the name of a function that starts at an offset, and the opening
// parenthesis.
func (p *parser) call(start int) (*Call, *Error) {
	p.tok = token{end: start}
	p.space()
	start = p.tok.end
	rest := p.text[start:]
	n := strings.IndexFunc(rest, func(c rune) bool { return c == '(' || c == '"' || c == '\'' || c == ',' || c <= ' ' })
	if n < 0 {
		n = len(rest)
	}
	p.tok.end = start + n
	name := rest[:n]
	p.advance()
	switch {
	case name == "" || name[0] != '[' && !isLetter(name[0]):
		return nil, fault(p.text, start, "expected the name of a function, as in add(1, 2)")
	case len(name) > MaxName:
		return nil, fault(p.text, start, "name of a function has %d bytes, the limit is %d", len(name), MaxName)
	}
	if err := p.take('(', fmt.Sprintf("and the arguments after %q", clip(name))); err != nil {
		return nil, err
	}
	return &Call{Name: name, p: p, start: start}, nil
}

// Errorf returns an [*Error] at the name of the function.
func (c *Call) Errorf(format string, args ...any) error {
	return fault(c.p.text, c.start, format, args...)
}

// Args reads the arguments of the call, for parameters that have passed
// [wit.Func.Check]. The last ones may be left out if they are options. self is the
// number of parameters, none or one, that are not in the text: what the method of
// a chain is called on. After the arguments either the text ends, and next is nil,
// or a dot and another call follow. Args is called once. The error is an
// [*Error].
func (c *Call) Args(params []wit.Field, self int) (args []wit.Value, next *Call, err error) {
	args, next, bad := c.args(params[min(self, len(params)):])
	if bad != nil {
		return nil, nil, bad
	}
	return args, next, nil
}

func (c *Call) args(params []wit.Field) (args []wit.Value, next *Call, _ *Error) {
	p := c.p
	err := p.sequence(')', "the arguments of "+clip(c.Name), func() *Error {
		if len(args) == len(params) {
			return p.errorf("%s takes %s", clip(c.Name), count(params))
		}
		param := params[len(args)]
		v, err := p.value(param.Type, param.Type)
		if err != nil {
			return err.in("parameter %q", clip(param.Name))
		}
		args = append(args, v)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	end := p.tok
	for _, param := range params[len(args):] {
		if param.Type.Kind != wit.Option {
			return nil, nil, fault(p.text, c.start, "%s takes %s, found %d: parameter %q, %s, is missing",
				clip(c.Name), count(params), len(args), clip(param.Name), describe(param.Type))
		}
		if err := p.spend(1); err != nil {
			return nil, nil, err
		}
		args = append(args, wit.OptionValue{})
	}
	switch end.kind {
	case tokenEnd:
		return args, nil, nil
	case '.':
		next, err = p.call(end.end)
		return args, next, err
	}
	return nil, nil, p.unexpected("nothing after the call, or a dot and a method of its result")
}

// count says how many arguments there may be.
func count(params []wit.Field) string {
	least := len(params)
	for least > 0 && params[least-1].Type.Kind == wit.Option {
		least--
	}
	most := len(params)
	switch {
	case most == 0:
		return "no arguments"
	case least < most:
		return fmt.Sprintf("%d to %d arguments", least, most)
	case most == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", most)
}
