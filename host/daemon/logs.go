package daemon

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/lattice"
)

// Bounds of what is kept of guests' output.
const (
	keptLines = 200
	keptBytes = 64 << 10 // of a component
	// MaxLease bounds how long output is published for one request.
	MaxLease = 5 * time.Minute
)

// LogLine is a line that a guest wrote, as it is published on Subjects.Log.
type LogLine struct {
	Time      time.Time           `json:"time"`
	Host      lattice.HostID      `json:"host"`
	Component lattice.ComponentID `json:"component"`
	Instance  uint64              `json:"instance"`
	Stream    string              `json:"stream"` // stdout, stderr or log
	Level     string              `json:"level,omitempty"`
	Context   string              `json:"context,omitempty"`
	Text      string              `json:"text"`
}

// logs keep the end of what components write, and publish it while somebody asks
// for it.
type logs struct {
	d *Daemon

	mu   sync.Mutex
	tail map[lattice.ComponentID]*tail
}

// tail is the end of a component's output.
type tail struct {
	lines []LogLine
	bytes int
	until time.Time // lines are published so long
}

func newLogs(d *Daemon) *logs { return &logs{d: d, tail: map[lattice.ComponentID]*tail{}} }

// line takes a line that a guest wrote.
func (l *logs) line(h host.Line) {
	line := LogLine{
		Time: time.Now().UTC(), Host: l.d.opts.ID, Component: lattice.ComponentID(h.Component),
		Instance: uint64(h.Instance), Stream: h.Stream.String(), Level: h.Level, Context: h.Context,
		Text: strings.ToValidUTF8(h.Text, "\ufffd"),
	}
	l.mu.Lock()
	t := l.of(line.Component)
	t.add(line)
	wanted := time.Now().Before(t.until)
	l.mu.Unlock()
	if wanted {
		l.publish(&line)
	}
	if out := l.d.opts.Output; out != nil {
		out(h)
	}
}

// publish sends a line to those who listen.
func (l *logs) publish(line *LogLine) {
	data, err := json.Marshal(line)
	if err == nil {
		err = l.d.l.Publish(&lattice.Message{Subject: l.d.subjects.Log(line.Host, line.Component), Data: data})
	}
	if err != nil {
		l.d.log.Debug("line not published", "component", line.Component, "error", err)
	}
}

// of returns the tail of a component. It is called with the lock.
func (l *logs) of(id lattice.ComponentID) *tail {
	t := l.tail[id]
	if t == nil {
		t = &tail{}
		l.tail[id] = t
	}
	return t
}

func (t *tail) add(line LogLine) {
	t.lines = append(t.lines, line)
	t.bytes += len(line.Text)
	drop := 0
	for len(t.lines)-drop > keptLines || t.bytes > keptBytes && drop < len(t.lines)-1 {
		t.bytes -= len(t.lines[drop].Text)
		drop++
	}
	if drop > 0 {
		t.lines = append(t.lines[:0], t.lines[drop:]...)
	}
}

// lease has the lines of a component be published for a while, and returns the last
// ones that there are.
func (l *logs) lease(id lattice.ComponentID, d time.Duration, last int) []LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.of(id)
	if until := time.Now().Add(d); until.After(t.until) {
		t.until = until
	}
	return append([]LogLine{}, t.lines[max(0, len(t.lines)-last):]...)
}

// forget drops what is kept of components that are not there any more.
func (l *logs) forget(there func(lattice.ComponentID) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.tail {
		if !there(id) {
			delete(l.tail, id)
		}
	}
}
