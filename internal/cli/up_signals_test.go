package cli_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUpSignals demands what the package comment says of signals, of a lattice.
func TestUpSignals(t *testing.T) {
	t.Setenv("WATTLE_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
	run := func(t *testing.T, dir string) *process {
		t.Helper()
		t.Setenv("WATTLE_DATA_DIR", dir)
		p := start(t, "up", "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0")
		until(t, p.stdout, "Ctrl-C stops it; the next wattle up has everything back.")
		return p
	}
	t.Run("once", func(t *testing.T) {
		p := run(t, t.TempDir())
		p.signal(t, syscall.SIGINT)
		if stderr, status := p.end(t); status.ExitStatus() != 0 || !strings.HasSuffix(stderr, "wattle: stopped\n") {
			t.Errorf("exit code %d, want 0, and a word that it has stopped:\n%s", status.ExitStatus(), stderr)
		}
	})
	// A process that was killed leaves its data directory in good order, and its
	// lock to the next one.
	t.Run("killed", func(t *testing.T) {
		dir := t.TempDir()
		p := run(t, dir)
		client := start(t, "config", "put", "settings", "a=1")
		if stderr, status := client.end(t); status.ExitStatus() != 0 {
			t.Fatalf("exit code %d:\n%s", status.ExitStatus(), stderr)
		}
		p.signal(t, syscall.SIGKILL)
		p.end(t)
		client = start(t, "get", "config")
		if stderr, status := client.end(t); status.ExitStatus() != 3 || !strings.Contains(stderr, "may have ended: start it again") {
			t.Errorf("exit code %d, want 3:\n%s", status.ExitStatus(), stderr)
		}
		p = run(t, dir)
		client = start(t, "get", "config")
		until(t, client.stdout, "settings")
		client.end(t)
		p.signal(t, syscall.SIGTERM)
		if stderr, status := p.end(t); status.ExitStatus() != 0 {
			t.Errorf("exit code %d, want 0:\n%s", status.ExitStatus(), stderr)
		}
	})
}

// TestFollow has commands go on with what happens.
func TestFollow(t *testing.T) {
	t.Setenv("WATTLE_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
	t.Setenv("WATTLE_DATA_DIR", t.TempDir())
	up := start(t, "up", "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0", "--name", "one")
	until(t, up.stdout, "Ctrl-C stops it; the next wattle up has everything back.")
	run := func(args ...string) {
		t.Helper()
		p := start(t, args...)
		if stderr, status := p.end(t); status.ExitStatus() != 0 {
			t.Fatalf("wattle %q: exit code %d:\n%s", args, status.ExitStatus(), stderr)
		}
	}
	// What was before is there first, so that one knows that it listens.
	run("config", "put", "first", "a=1")
	table := start(t, "get", "config", "--watch")
	until(t, table.stdout, "first")
	lines := start(t, "get", "config", "--watch", "-o", "json")
	until(t, lines.stdout, `{"name":"first","values":{"a":"1"}}`)
	text := start(t, "watch", "--since", "1h", "config.*")
	until(t, text.stdout, "config.put         scheduler  first")
	events := start(t, "watch", "--since", "1h", "-o", "json")
	until(t, events.stdout, `"subject":"first"`)

	run("config", "put", "second", "b=2")
	until(t, table.stdout, "second  1       b")
	until(t, lines.stdout, `{"name":"second","values":{"b":"2"}}`)
	until(t, text.stdout, "config.put         scheduler  second")
	until(t, events.stdout, `"subject":"second"`)
	run("config", "del", "second")
	until(t, table.stdout, "second  (gone)")
	until(t, lines.stdout, `{"deleted":"second"}`)
	until(t, text.stdout, "config.deleted     scheduler  second")

	for _, p := range []*process{table, lines, text, events, up} {
		p.signal(t, syscall.SIGTERM)
		if stderr, status := p.end(t); status.ExitStatus() != 0 {
			t.Errorf("%q: exit code %d, want 0:\n%s", p.Args, status.ExitStatus(), stderr)
		}
	}
}
