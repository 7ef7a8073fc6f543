package cli

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"
)

// TestReadFile demands that a file which changes while it is read is refused.
func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.wasm")
	if err := os.WriteFile(name, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := readFile(name); err != nil || string(b) != "first" {
		t.Fatalf("readFile = %q, %v", b, err)
	}
	for what, change := range map[string]func() error{
		"grows":       func() error { return os.WriteFile(name, []byte("first and second"), 0o600) },
		"is replaced": func() error { return errors.Join(os.Remove(name), os.WriteFile(name, []byte("other"), 0o600)) },
		"vanishes":    func() error { return os.Remove(name) },
	} {
		if err := os.WriteFile(name, []byte("first"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readFileAnd(name, func() {
			if err := change(); err != nil {
				t.Fatal(err)
			}
		})
		if err == nil || !strings.Contains(err.Error(), "x.wasm") {
			t.Errorf("a file that %s: error %v, want one that names it", what, err)
		}
	}
}

// TestProgress demands that a terminal is shown one line which is written over,
// if there is time to read it, and anything else a line without seconds.
func TestProgress(t *testing.T) {
	for _, c := range []struct {
		terminal, cached bool
		took             time.Duration
		then             func(*progress)
		want             string
	}{
		{true, true, 900 * time.Millisecond, func(p *progress) { p.step(1<<20, true) }, `^$`},
		{true, true, 900 * time.Millisecond, (*progress).leave, `^$`},
		{true, true, 2500 * time.Millisecond, func(p *progress) { p.step(1<<20, true) }, `^(\rcompiling 1MiB of code \(once: it is cached\) … \d+s )+\rcompiling 1MiB of code \(once: it is cached\), took 2\.5s\n$`},
		{true, false, 2500 * time.Millisecond, (*progress).leave, `^(\rcompiling 1MiB of code … \d+s )+\n$`},
		{false, true, 0, func(p *progress) { p.step(1<<20, true) }, `^compiling 1MiB of code \(once: it is cached\)\n$`},
		{false, false, 0, (*progress).leave, `^compiling 1MiB of code\n$`},
	} {
		var out bytes.Buffer
		synctest.Test(t, func(*testing.T) {
			p := &progress{w: &out, terminal: c.terminal, cached: c.cached}
			p.step(1<<20, false)
			<-time.After(c.took)
			c.then(p)
		})
		if !regexp.MustCompile(c.want).MatchString(out.String()) {
			t.Errorf("terminal %v, cached %v: shows %q, want %s", c.terminal, c.cached, out.String(), c.want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]size{"64MiB": 64 << 20, "1GiB": 1 << 30, "500kB": 500_000, "12B": 12, "1 KiB": 1024} {
		var s size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("Set(%q) = %d, %v, want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "64", "MiB", "-1MiB", "1.5GiB", "99999999999TiB", "1mib"} {
		var s size
		if err := s.Set(text); err == nil {
			t.Errorf("Set(%q) = %d, want an error", text, s)
		}
	}
	for n, want := range map[uint64]string{0: "0B", 1 << 20: "1MiB", 14_895_476: "14.2MiB", 999: "999B", 1 << 50: "1024TiB"} {
		if got := formatSize(n); got != want {
			t.Errorf("formatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestLogHandler holds the handler against the rules of slog: its lines are read
// back as attributes.
func TestLogHandler(t *testing.T) {
	var buf bytes.Buffer
	l := newLog(&buf, false)
	l.level = slog.LevelDebug
	h := &logHandler{log: l}
	results := func() []map[string]any {
		l.close()
		var all []map[string]any
		for line := range strings.Lines(buf.String()) {
			m := map[string]any{slog.LevelKey: "INFO", slog.TimeKey: "now"}
			msg, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "wattle: "), " ")
			m[slog.MessageKey] = msg
			for f := range strings.FieldsSeq(rest) {
				k, v, _ := strings.Cut(f, "=")
				at, path := m, strings.Split(k, ".")
				for _, g := range path[:len(path)-1] {
					if at[g] == nil {
						at[g] = map[string]any{}
					}
					at = at[g].(map[string]any)
				}
				at[path[len(path)-1]] = v
			}
			all = append(all, m)
		}
		return all
	}
	if err := slogtest.TestHandler(h, results); err != nil {
		// Times are left out on purpose: the line is for a terminal.
		if lines := strings.TrimSpace(err.Error()); strings.Contains(lines, "time") && !strings.Contains(lines, "\n") {
			return
		}
		t.Error(err)
	}
}

func TestPrintable(t *testing.T) {
	if got := printable("a\x1b[2Jb\r\u009bc\td"); got != "a�[2Jb��c\td" {
		t.Errorf("printable = %q", got)
	}
}

// TestLogBlocked demands that nobody waits for a reader that does not read.
func TestLogBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		l := newLog(w, false)
		l.note("nobody reads this")
		synctest.Wait() // that one is being written
		for range 3 * logQueue {
			l.note("nobody reads this")
		}
		if l.dropped < logQueue {
			t.Errorf("%d lines dropped, want at least %d", l.dropped, logQueue)
		}
		l.close()
		_ = r.Close()
	})
}
