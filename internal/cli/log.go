package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host"
)

// log writes what happens, and what guests print, for a person at a terminal.
// It never makes anybody wait: when whoever reads it does not, what does not fit
// into its queue is dropped and counted.
type log struct {
	level slog.Level
	queue chan string
	done  chan struct{} // closed when the queue has been written

	mu      sync.Mutex
	closed  bool
	dropped int
	known   map[string]string // attributes that are the same in every record
}

const (
	logQueue = 1024 // pieces of text that wait to be written
	logFlush = time.Second
)

// newLog starts a log that writes to w. Close ends it.
func newLog(w io.Writer, quiet bool) *log {
	l := &log{level: slog.LevelInfo, queue: make(chan string, logQueue), done: make(chan struct{})}
	if quiet {
		l.level = slog.LevelWarn
	}
	go func() {
		defer close(l.done)
		for text := range l.queue {
			_, _ = io.WriteString(w, text)
		}
	}()
	return l
}

// close writes what is queued, unless the reader takes longer than logFlush.
func (l *log) close() {
	l.mu.Lock()
	l.closed = true
	close(l.queue)
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-time.After(logFlush):
	}
}

// write queues a piece of text.
func (l *log) write(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.dropped > 0 {
		text = fmt.Sprintf("wattle: %d lines were dropped: nobody read them\n", l.dropped) + text
	}
	select {
	case l.queue <- text:
		l.dropped = 0
	default:
		l.dropped++
	}
}

// hide leaves an attribute out of records wherever it has a value that whoever
// reads knows.
func (l *log) hide(key, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]string{}
	}
	l.known[key] = value
}

func (l *log) hidden(key, value string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	have, ok := l.known[key]
	return ok && have == value
}

func (l *log) logger() *slog.Logger { return slog.New(&logHandler{log: l}) }

// note says what Wattle itself does.
func (l *log) note(format string, args ...any) {
	if l.level > slog.LevelInfo {
		return
	}
	l.write(fmt.Sprintf("wattle: "+format+"\n", args...))
}

// line prints a line of a guest.
func (l *log) line(g host.Line) {
	from, text := g.Stream.String(), printable(g.Text)
	if g.Level != "" { // an entry of its log
		from = g.Level
	}
	if g.Context != "" {
		text = printable(g.Context) + ": " + text
	}
	l.write(fmt.Sprintf("[%v %s] %s\n", g.Instance, from, text))
}

// compiling says that a core module is compiled, which can take long.
func (l *log) compiling(size int, done bool) {
	if !done {
		l.note("compiling %s of code (once: it is cached)", formatSize(uint64(size)))
	}
}

// printable replaces control characters, with which a guest could write
// anything anywhere on the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return '�'
	}, s)
}

// logHandler is a slog.Handler whose records are a line each, with values that
// have several lines indented below.
type logHandler struct {
	log   *log
	attrs []slog.Attr // with the names of their groups
	group string
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.log.level }

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	var line, below strings.Builder
	fmt.Fprintf(&line, "wattle: %s", r.Message)
	add := func(a slog.Attr) {
		value := a.Value.Resolve()
		if value.Kind() == slog.KindDuration {
			value = slog.DurationValue(value.Duration().Round(time.Millisecond))
		}
		v := printable(value.String())
		if h.log.hidden(a.Key, v) {
			return
		}
		if strings.Contains(strings.TrimSpace(v), "\n") || a.Key == "backtrace" || a.Key == "stderr" {
			fmt.Fprintf(&below, "  %s:\n    %s\n", a.Key, strings.ReplaceAll(strings.TrimRight(v, "\n"), "\n", "\n    "))
			return
		}
		if strings.ContainsAny(v, " =\"") && a.Key != "error" {
			v = fmt.Sprintf("%q", v)
		}
		if a.Key == "error" {
			fmt.Fprintf(&line, ": %s", v)
			return
		}
		fmt.Fprintf(&line, " %s=%s", a.Key, v)
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(func(a slog.Attr) bool {
		for _, flat := range flatten(h.group, a) {
			add(flat)
		}
		return true
	})
	h.log.write(line.String() + "\n" + below.String())
	return nil
}

// flatten returns an attribute with its group in its name, and those of a group
// one by one.
func flatten(group string, a slog.Attr) []slog.Attr {
	a.Value = a.Value.Resolve()
	if a.Value.Kind() != slog.KindGroup {
		if a.Equal(slog.Attr{}) {
			return nil
		}
		a.Key = group + a.Key
		return []slog.Attr{a}
	}
	if a.Key != "" {
		group += a.Key + "."
	}
	var out []slog.Attr
	for _, m := range a.Value.Group() {
		out = append(out, flatten(group, m)...)
	}
	return out
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		next.attrs = append(next.attrs, flatten(h.group, a)...)
	}
	return &next
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}
