// Package python runs the oracles that are written in Python. Each is a process
// that answers questions on its standard streams, one at a time: a question is a
// frame, and so is the answer. A frame is its length in four bytes, least
// significant first, and that many bytes.
//
// Oracles are given hostile questions and may fall: [Process.Ask] then says so,
// and the next question is asked of a new process.
package python

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// maxAnswer bounds an answer.
const maxAnswer = 64 << 20

// ErrFell says that the oracle gave no answer: it crashed, or took too long.
var ErrFell = errors.New("the oracle gave no answer")

var errLate = errors.New("it took too long")

// Environment makes a virtual environment in dir, if there is none, installs
// what the requirements file says, with hashes, and returns its Python. Without
// requirements it returns the system's Python.
func Environment(ctx context.Context, dir, requirements string) (string, error) {
	if requirements == "" {
		return exec.LookPath("python3")
	}
	want, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	interpreter, stamp := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "requirements.txt")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(want) {
		return interpreter, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", dir},
		{interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", requirements},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("%v: %w", args, err)
		}
	}
	return interpreter, os.WriteFile(stamp, want, 0o600)
}

// Process is an oracle. It is used by one goroutine at a time.
type Process struct {
	args    []string
	timeout time.Duration
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     io.ReadCloser
	said    *tail

	// Falls is the number of times that the oracle gave no answer.
	Falls int
}

// New returns an oracle that is started by the given command when it is asked
// first, and that has the given time for each answer.
func New(timeout time.Duration, args ...string) *Process {
	return &Process{args: args, timeout: timeout}
}

// Ask asks a question. The error is [ErrFell] if there is no answer.
func (p *Process) Ask(question []byte) ([]byte, error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return nil, err
		}
	}
	watch := time.AfterFunc(p.timeout, func() { _ = p.cmd.Process.Kill() })
	answer, err := p.exchange(question)
	if watch.Stop() && err == nil {
		return answer, nil
	}
	p.Falls++
	p.stop()
	return nil, fmt.Errorf("%w: %w: %s", ErrFell, cmp.Or(err, errLate), p.said.text)
}

// Close ends the process.
func (p *Process) Close() {
	if p.cmd != nil {
		p.stop()
	}
}

func (p *Process) start() error {
	cmd := exec.Command(p.args[0], p.args[1:]...) //nolint:gosec,noctx // its own command; stop ends it
	p.said = &tail{}
	cmd.Stderr = p.said
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if p.out, err = cmd.StdoutPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	return nil
}

func (p *Process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

func (p *Process) exchange(question []byte) ([]byte, error) {
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(question)))
	if _, err := p.in.Write(append(frame, question...)); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(p.out, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxAnswer {
		return nil, fmt.Errorf("an answer of %d bytes", n)
	}
	answer := make([]byte, n)
	_, err := io.ReadFull(p.out, answer)
	return answer, err
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const maxTail = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(p), nil
}
