package host

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of what guests write.
const (
	// DefaultOutputRate is the default of Options.OutputRate.
	DefaultOutputRate = 256 << 10
	// MaxLine is how many bytes a Line has at most; longer ones are split.
	MaxLine = 8 << 10

	tailLines = 40
	tailLine  = 512 // bytes kept of a line
)

// InstanceID names an instance of a server.
type InstanceID uint64

// String implements fmt.Stringer.
func (id InstanceID) String() string { return strconv.FormatUint(uint64(id), 10) }

// Stream is a standard stream of a guest, or its log.
type Stream uint8

// The streams.
const (
	Stdout Stream = iota + 1
	Stderr
	// Log is what guests log by wasi:logging.
	Log
)

// String returns "stdout", "stderr" or "log".
func (s Stream) String() string {
	switch s {
	case Stderr:
		return "stderr"
	case Log:
		return "log"
	}
	return "stdout"
}

// Line is a line that a guest wrote.
type Line struct {
	Component string // Options.Name
	Instance  InstanceID
	Stream    Stream
	// Level and Context are those of an entry of a Log: "warn", and what the guest
	// calls it.
	Level, Context string
	// Text is the line without its end. It is what the guest wrote, control
	// characters and all.
	Text string
}

// output hands the lines of all instances on, at a bounded rate.
type output struct {
	emit    func(Line)
	rate    int
	metrics *Metrics

	mu    sync.Mutex
	left  int // bytes of the current second
	until time.Time
}

func newOutput(emit func(Line), rate int, m *Metrics) *output {
	return &output{emit: emit, rate: rate, metrics: m}
}

// allow reports whether n more bytes are within the rate.
func (o *output) allow(n int) bool {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !now.Before(o.until) {
		o.left, o.until = o.rate, now.Add(time.Second)
	}
	if n > o.left {
		return false
	}
	o.left -= n
	return true
}

func (o *output) line(l Line) {
	if n := len(l.Text) + len(l.Context) + 1; !o.allow(n) {
		o.metrics.OutputDropped.Add(int64(n))
		o.metrics.Exceeded.add(LimitLog)
		return
	}
	o.emit(l)
}

// writer returns the standard stream of an instance.
func (o *output) writer(name string, id InstanceID, s Stream, t *tail) lineWriter {
	return lineWriter{out: o, line: Line{Component: name, Instance: id, Stream: s}, tail: t}
}

// lineWriter splits what it is given into lines. It is used by one goroutine at
// a time.
type lineWriter struct {
	out  *output
	line Line // all but the text
	tail *tail
	buf  []byte // the start of a line
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		whole := end >= 0
		if !whole {
			end = len(p)
		}
		part := p[:min(end, MaxLine-len(w.buf))]
		w.buf = append(w.buf, part...)
		p = p[len(part):]
		switch {
		case whole && len(part) == end:
			p = p[1:]
			w.send()
		case len(w.buf) == MaxLine:
			w.send()
		}
	}
	return n, nil
}

// close hands on a last line that has no end.
func (w *lineWriter) close() {
	if len(w.buf) > 0 {
		w.send()
	}
}

func (w *lineWriter) send() {
	w.line.Text = string(bytes.TrimSuffix(w.buf, []byte("\r")))
	w.buf = w.buf[:0]
	if w.tail != nil {
		w.tail.add(w.line.Text)
	}
	w.out.line(w.line)
}

// tail keeps the last lines of a stream.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == tailLines {
		copy(t.lines, t.lines[1:])
		t.lines = t.lines[:tailLines-1]
	}
	t.lines = append(t.lines, strings.Clone(s[:min(len(s), tailLine)]))
}

// String returns the lines, each with its end.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return ""
	}
	return strings.Join(t.lines, "\n") + "\n"
}
