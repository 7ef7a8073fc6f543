package natsserver

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	// maxLines is how many lines are logged in a logWindow: clients can have the
	// server say as many as they like.
	maxLines  = 100
	logWindow = 10 * time.Second
	// maxTrouble bounds what is remembered of a start.
	maxTrouble = 16
)

// logger gives what the server says to a slog.Logger. It implements
// server.Logger.
type logger struct {
	log *slog.Logger

	mu sync.Mutex
	// fatal is why the server cannot go on.
	fatal string
	// write is the first error of writing after which a stream writes no more.
	write string
	// damage is what the server found to be damaged when it started.
	damage   []string
	starting bool
	window   time.Time
	lines    int
}

// damaged matches what the server says of a stream that it passes over, which to
// its clients looks as if it had never been there.
var damaged = regexp.MustCompile(`checksums do not match|Error (reading|decrypting our|unmarshalling) (Stream |stream )?metafile|Error reading Stream metafile|Error recreating stream|Detected unsupported stream|encryption key length`)

func (l *logger) say(level slog.Level, format string, v []any) {
	ctx := context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	l.mu.Lock()
	now := time.Now()
	if now.Sub(l.window) > logWindow {
		l.window, l.lines = now, 0
	}
	l.lines++
	lines := l.lines
	l.mu.Unlock()
	switch {
	case lines < maxLines:
		l.log.Log(ctx, level, "nats server", "message", strings.TrimSpace(fmt.Sprintf(format, v...)))
	case lines == maxLines:
		l.log.Log(ctx, slog.LevelWarn, "nats server says more than is logged")
	}
}

// Noticef implements server.Logger.
func (l *logger) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }

// Debugf implements server.Logger.
func (l *logger) Debugf(format string, v ...any) { l.say(slog.LevelDebug, format, v) }

// Tracef implements server.Logger.
func (l *logger) Tracef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }

// Warnf implements server.Logger.
func (l *logger) Warnf(format string, v ...any) {
	l.note(format, v)
	l.say(slog.LevelWarn, format, v)
}

// Errorf implements server.Logger. Most of the server's errors are those of its
// clients.
func (l *logger) Errorf(format string, v ...any) {
	l.note(format, v)
	level := slog.LevelError
	if strings.Contains(format, "Violation") || strings.Contains(format, "cid:") || strings.Contains(format, "authentication error") {
		level = slog.LevelWarn
	}
	l.say(level, format, v)
}

// Fatalf implements server.Logger.
func (l *logger) Fatalf(format string, v ...any) {
	l.mu.Lock()
	if l.fatal == "" {
		l.fatal = fmt.Sprintf(format, v...)
	}
	l.mu.Unlock()
	l.say(slog.LevelError, format, v)
}

// note remembers damage that is found at the start, and errors of writing.
func (l *logger) note(format string, v []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.write == "" && strings.Contains(format, "ritical write error") {
		l.write = fmt.Sprintf(format, v...)
	}
	if !l.starting || len(l.damage) >= maxTrouble {
		return
	}
	if text := strings.TrimSpace(fmt.Sprintf(format, v...)); damaged.MatchString(text) {
		l.damage = append(l.damage, text)
	}
}

// started returns what went wrong during the start, and ends it.
func (l *logger) started() (fatal string, damage []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.starting = false
	return l.fatal, l.damage
}

// trouble returns why the server cannot go on, and why it does not write any
// more, or nothing.
func (l *logger) trouble() (fatal, write string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal, l.write
}
