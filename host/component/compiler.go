package component

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Defaults of a Compiler.
const (
	DefaultCompileTime   = 2 * time.Minute
	DefaultCompileMemory = 2 << 30
	// patience is how often the processor time that a child may take may pass
	// before it is given up: the machine may be busy with other things.
	patience = 30
)

// A Compiler compiles core modules in child processes. What a child may cost is
// bounded, it can be stopped, and the memory that it took is free again when it
// has ended. Code that costs less than starting a process is compiled in this
// one all the same.
type Compiler struct {
	// Command is the child: a program and its arguments. It has to call
	// ServeCompiler and end, and should be the program that runs already, since
	// the code that one version of Wattle makes is of no use to another.
	Command []string
	// Time is how much processor time a module may take, in whole seconds; zero
	// means DefaultCompileTime. A child that has not answered after thirty times
	// as long is stopped as well. Systems other than Linux and macOS know only
	// the latter.
	Time time.Duration
	// Memory is how many bytes compiling a module may take; zero means
	// DefaultCompileMemory.
	Memory uint64
	// Parallel is how many children an engine may have at once; zero means as
	// many as there are processors, but at least two, so that one does not hold
	// up all, and at most four.
	Parallel int
}

func (c *Compiler) withDefaults() *Compiler {
	d := *c
	if d.Time <= 0 {
		d.Time = DefaultCompileTime
	}
	d.Time = max(time.Second, d.Time.Round(time.Second))
	if d.Memory == 0 {
		d.Memory = DefaultCompileMemory
	}
	if d.Parallel <= 0 {
		d.Parallel = min(max(2, runtime.GOMAXPROCS(0)), 4)
	}
	return &d
}

// compileRequest is what a child is asked, as a line of JSON. The module
// follows, and its shell if it has one. The pipe stays open as long as somebody waits for the answer.
type compileRequest struct {
	Dir     string `json:"dir"`     // where the code goes
	Size    int    `json:"size"`    // of the module
	Shell   int    `json:"shell"`   // size of its shell, or zero
	Seconds uint64 `json:"seconds"` // of processor time
	Memory  uint64 `json:"memory"`  // in bytes
}

// compileAnswer is what a child has to say in the end, as JSON.
type compileAnswer struct {
	Fault faultKind `json:"fault"`
	Text  string    `json:"text,omitempty"`
}

// faultKind says what a compilation failed of.
type faultKind string

const (
	faultNone    faultKind = "none"
	faultModule  faultKind = "module"  // the engine refuses it
	faultStorage faultKind = "storage" // the code cannot be written
	faultTime    faultKind = "time"
	faultMemory  faultKind = "memory"
	faultRequest faultKind = "request"
)

// CompilerError is a child process that ended without an answer, or did not
// start: not what happens to a module that is too large or not valid.
type CompilerError struct {
	Command string
	Err     error
	// Output is the first line that the child wrote to standard error.
	Output string
}

func (e *CompilerError) Error() string {
	s := fmt.Sprintf("compiler %q: %v", e.Command, e.Err)
	if e.Output != "" {
		s += fmt.Sprintf(" (%s)", e.Output)
	}
	return s
}

func (e *CompilerError) Unwrap() error { return e.Err }

// storageError is code that could not be written.
type storageError struct{ text string }

func (e *storageError) Error() string { return e.text }

// isStorage says whether an error is about files, not about a module.
func isStorage(err error) bool {
	var (
		storage *storageError
		path    *fs.PathError
		link    *os.LinkError
		call    *os.SyscallError
		child   *CompilerError
	)
	return !errors.As(err, &child) &&
		(errors.As(err, &storage) || errors.As(err, &path) || errors.As(err, &link) || errors.As(err, &call))
}

// compile has a child compile a module and its shell, unless that is nil, in a
// workshop.
func (c *Compiler) compile(ctx context.Context, dir string, module, shell []byte) error {
	wall := patience * c.Time
	ctx, cancel := context.WithTimeoutCause(ctx, wall, fmt.Errorf("compiler has not answered for %v, the machine may be overloaded: %w", wall,
		&LimitError{Name: LimitCompile, What: "seconds to compile a module", Max: uint64(wall.Seconds())}))
	defer cancel()
	header, err := json.Marshal(compileRequest{Dir: dir, Size: len(module), Shell: len(shell), Seconds: uint64(c.Time.Seconds()), Memory: c.Memory})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Env = []string{}
	cmd.Dir = dir
	cmd.SysProcAttr = apart
	cmd.WaitDelay = 5 * time.Second
	stdout, stderr := &limitedBuffer{max: 64 << 10}, &limitedBuffer{max: 64 << 10}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return &CompilerError{Command: c.Command[0], Err: err}
	}
	// A child that ends early has a reason, which is more telling than that
	// nobody reads. Wait closes the pipe after it has ended.
	_, _ = stdin.Write(append(header, '\n'))
	_, _ = stdin.Write(module)
	_, _ = stdin.Write(shell)
	ended := cmd.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var answer compileAnswer
	if err := json.Unmarshal(stdout.buf.Bytes(), &answer); err != nil || ended != nil {
		return c.died(ended, cmd.ProcessState, stderr.buf.String())
	}
	switch answer.Fault {
	case faultNone:
		return nil
	case faultModule:
		return errors.New(answer.Text)
	case faultStorage:
		return &storageError{answer.Text}
	case faultTime:
		return c.outOfTime()
	case faultMemory:
		return c.outOfMemory()
	default:
		return &CompilerError{Command: c.Command[0], Err: errors.New(answer.Text)}
	}
}

func (c *Compiler) outOfTime() error {
	return &LimitError{Name: LimitCompile, What: "seconds of processor time to compile a module", Max: uint64(c.Time.Seconds())}
}

func (c *Compiler) outOfMemory() error {
	return &LimitError{Name: LimitCompile, What: "bytes of memory to compile a module", Max: c.Memory}
}

// outOfMemory is what Go's runtime says when the system gives it no memory; the
// last is its race detector's.
var outOfMemory = regexp.MustCompile(`out of memory|cannot allocate memory|failed to allocate`)

// died says why a child ended without an answer. The limits that the system
// keeps leave it no time for one.
func (c *Compiler) died(err error, state *os.ProcessState, output string) error {
	switch {
	case state.UserTime()+state.SystemTime() >= c.Time:
		return c.outOfTime()
	case outOfMemory.MatchString(output):
		return c.outOfMemory()
	case err == nil:
		err = errors.New("no answer")
	}
	line, _, _ := strings.Cut(strings.TrimSpace(output), "\n")
	return &CompilerError{Command: c.Command[0], Err: err, Output: line}
}

// limitedBuffer keeps the first bytes that are written to it.
type limitedBuffer struct {
	buf bytes.Buffer
	max int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.buf.Write(p[:min(len(p), b.max-b.buf.Len())])
	return len(p), nil
}

var _ io.Writer = (*limitedBuffer)(nil)
