package raftlog

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// logger gives what raft logs to slog.
type logger struct {
	log  *slog.Logger
	name string
	args []any
	// lone is that the node has no others: that it hears of no leader, and stands for
	// election, says nothing.
	lone bool
	said *said
}

// said is the last warning.
type said struct {
	mu   sync.Mutex
	text string
	at   time.Time
}

// sayAgain is after how long a warning is given again that is the same as the last: while a
// disk is full raft says so with each attempt.
const sayAgain = time.Minute

// again reports whether a warning was given just now.
func (s *said) again(text string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == s.text && now.Sub(s.at) < sayAgain {
		return true
	}
	s.text, s.at = text, now
	return false
}

// levels are slog's for those of hclog. What raft tells at Info is for who works on it.
var levels = map[hclog.Level]slog.Level{
	hclog.Trace: slog.LevelDebug - 4,
	hclog.Debug: slog.LevelDebug - 4,
	hclog.Info:  slog.LevelDebug,
	hclog.Warn:  slog.LevelInfo,
	hclog.Error: slog.LevelWarn,
}

// level returns slog's level.
func (l *logger) level(level hclog.Level) slog.Level {
	if l.lone && level == hclog.Warn {
		return slog.LevelDebug
	}
	return levels[level]
}

// Log implements hclog.Logger.
func (l *logger) Log(level hclog.Level, msg string, args ...any) {
	at := l.level(level)
	if at >= slog.LevelWarn && l.said.again(fmt.Sprint(msg, args), time.Now()) {
		at = slog.LevelDebug
	}
	l.log.With(args...).Log(context.Background(), at, "raft", "says", msg)
}

// Trace implements hclog.Logger.
func (l *logger) Trace(msg string, args ...any) { l.Log(hclog.Trace, msg, args...) }

// Debug implements hclog.Logger.
func (l *logger) Debug(msg string, args ...any) { l.Log(hclog.Debug, msg, args...) }

// Info implements hclog.Logger.
func (l *logger) Info(msg string, args ...any) { l.Log(hclog.Info, msg, args...) }

// Warn implements hclog.Logger.
func (l *logger) Warn(msg string, args ...any) { l.Log(hclog.Warn, msg, args...) }

// Error implements hclog.Logger.
func (l *logger) Error(msg string, args ...any) { l.Log(hclog.Error, msg, args...) }

func (l *logger) enabled(level hclog.Level) bool {
	return l.log.Enabled(context.Background(), l.level(level))
}

// IsTrace implements hclog.Logger.
func (l *logger) IsTrace() bool { return l.enabled(hclog.Trace) }

// IsDebug implements hclog.Logger.
func (l *logger) IsDebug() bool { return l.enabled(hclog.Debug) }

// IsInfo implements hclog.Logger.
func (l *logger) IsInfo() bool { return l.enabled(hclog.Info) }

// IsWarn implements hclog.Logger.
func (l *logger) IsWarn() bool { return l.enabled(hclog.Warn) }

// IsError implements hclog.Logger.
func (l *logger) IsError() bool { return l.enabled(hclog.Error) }

// ImpliedArgs implements hclog.Logger.
func (l *logger) ImpliedArgs() []any { return l.args }

// With implements hclog.Logger.
func (l *logger) With(args ...any) hclog.Logger {
	return &logger{l.log.With(args...), l.name, append(slices.Clip(l.args), args...), l.lone, l.said}
}

// Name implements hclog.Logger.
func (l *logger) Name() string { return l.name }

// Named implements hclog.Logger.
func (l *logger) Named(name string) hclog.Logger { return &logger{l.log, name, l.args, l.lone, l.said} }

// ResetNamed implements hclog.Logger.
func (l *logger) ResetNamed(name string) hclog.Logger { return l.Named(name) }

// SetLevel implements hclog.Logger. The level is that of slog.
func (*logger) SetLevel(hclog.Level) {}

// GetLevel implements hclog.Logger.
func (*logger) GetLevel() hclog.Level { return hclog.NoLevel }

// StandardLogger implements hclog.Logger.
func (l *logger) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(l.log.Handler(), slog.LevelDebug)
}

// StandardWriter implements hclog.Logger.
func (l *logger) StandardWriter(*hclog.StandardLoggerOptions) io.Writer {
	return l.StandardLogger(nil).Writer()
}
