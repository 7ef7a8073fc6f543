package validate

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// Component reports whether a component is valid. The error is an [*Error], or
// what [Options.Module] returned.
func Component(ast *binary.Component, opts *Options) error {
	c := &checker{opts: opts.withDefaults(), shapes: map[string]*shape{}, values: map[*shape]*value{}}
	_, err := c.component(ast, nil)
	return err
}

// checker checks one component with all those inside it.
type checker struct {
	opts   Options
	work   int
	shapes map[string]*shape
	values map[*shape]*value // those of primitive types, which need no name
	sizes  wit.Checker
}

func (c *checker) has(f Features) bool { return c.opts.Features&f == f }

func (c *checker) fail(code Code, offset int, format string, args ...any) error {
	return &Error{Code: code, Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

func (c *checker) failValues(offset int) error {
	return c.fail(CodeValues, offset, "values of components are not supported")
}

// need refuses a feature that is not enabled.
func (c *checker) need(f Features, offset int, what string) error {
	if c.has(f) {
		return nil
	}
	return c.fail(CodeFeature, offset, "%s: not enabled", what)
}

// errWork says that the component needs more work than is allowed. It travels
// without offset until [checker.spent].
var errWork = errors.New("the component takes too much work to check")

// spend pays for n steps.
func (c *checker) spend(n int) error {
	if c.work += n; c.work > c.opts.MaxWork {
		return errWork
	}
	return nil
}

// because gives an error of comparing or copying types a place and, unless it
// is for lack of work, the given code.
func (c *checker) because(err error, code Code, offset int, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errWork):
		return c.fail(CodeTooComplex, offset, "%v", err)
	}
	return c.fail(code, offset, format+": %v", append(args, err)...)
}

// spent is because for what can fail for lack of work only.
func (c *checker) spent(err error, offset int) error {
	return c.because(err, CodeTooComplex, offset, "type")
}
