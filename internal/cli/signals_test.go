package cli_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// process is a wattle of its own, which TestMain puts into the PATH.
type process struct {
	*exec.Cmd
	stdout, stderr *bufio.Reader
	stdin          io.WriteCloser
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), "wattle", args...)}
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	p.stdout, p.stderr = bufio.NewReader(stdout), bufio.NewReader(stderr)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// until returns what stands before the first line with text in it, and that line.
func until(t *testing.T, r *bufio.Reader, text string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		all.WriteString(line)
		if strings.Contains(line, text) {
			return all.String()
		}
		if err != nil {
			t.Fatalf("%v before %q:\n%s", err, text, &all)
		}
	}
}

// end waits for the process and returns the rest of its standard error.
func (p *process) end(t *testing.T) (stderr string, status syscall.WaitStatus) {
	t.Helper()
	b, err := io.ReadAll(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	return string(b), p.ProcessState.Sys().(syscall.WaitStatus)
}

func (p *process) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// endless starts a server and a request that does not end by itself.
func endless(t *testing.T, timeout string) *process {
	t.Helper()
	p := start(t, "run", "../../examples/misbehave/misbehave.wasm", "--addr", "127.0.0.1:0", "--timeout", timeout)
	head := until(t, p.stdout, "  URL ")
	_, url, _ := strings.Cut(strings.TrimSpace(head), "  URL       ")
	about := until(t, p.stdout, "Ctrl-C stops the server")
	for _, want := range []string{
		"\n  world root {\n    import wasi:io/poll@0.2.12;\n",
		"\n    export wasi:http/incoming-handler@0.2.12;\n  }\n",
		"\ndenied\n  wasi:cli/environment      no variables: no --env NAME=VALUE was given\n  wasi:filesystem/preopens  no directory: no --dir HOST::GUEST[:ro] was given\n",
	} {
		if !strings.Contains(about, want) {
			t.Errorf("the announcement lacks %q:\n%s", want, about)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/endless", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	go func() { _, _ = io.Copy(io.Discard, resp.Body) }() // ends with the connection
	return p
}

// TestSignals demands what the package comment says of signals.
func TestSignals(t *testing.T) {
	t.Setenv("WATTLE_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))

	t.Run("server", func(t *testing.T) {
		p := endless(t, "2s")
		p.signal(t, syscall.SIGTERM)
		until(t, p.stderr, "wattle: stopping; 1 request under way, given 10s; Ctrl-C again stops at once\n")
		if stderr, status := p.end(t); status.ExitStatus() != 0 || !strings.HasSuffix(stderr, "wattle: stopped\n") {
			t.Errorf("exit code %d, want 0, and a word that the server has stopped:\n%s", status.ExitStatus(), stderr)
		}
	})
	t.Run("server twice", func(t *testing.T) {
		p := endless(t, "1m")
		p.signal(t, syscall.SIGINT)
		until(t, p.stderr, "wattle: stopping; 1 request under way")
		p.signal(t, syscall.SIGINT)
		if stderr, status := p.end(t); !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("status %#x, want the end by SIGINT:\n%s", status, stderr)
		}
	})
	t.Run("compiling", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		p := start(t, "run", "--no-cache", "../../examples/mcp-go/mcp.wasm", "--addr", "127.0.0.1:0")
		until(t, p.stderr, "compiling ")
		p.signal(t, syscall.SIGINT)
		if stderr, status := p.end(t); status.ExitStatus() != 130 || stderr != "wattle: interrupted\n" {
			t.Errorf("exit code %d, want 130:\n%s", status.ExitStatus(), stderr)
		}
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
			t.Errorf("temporary files are left: %v, %v", left, err)
		}
	})
	t.Run("command", func(t *testing.T) {
		p := start(t, "run", "-q", "../../examples/cli/textool.wasm", "--", "grep", "-n", "ready")
		if _, err := io.WriteString(p.stdin, "ready\n"+strings.Repeat("or not\n", 100_000)); err != nil {
			t.Fatal(err)
		}
		// What has been read is not all that the guest waits for.
		p.signal(t, syscall.SIGINT)
		if stderr, status := p.end(t); status.ExitStatus() != 130 || stderr != "wattle: interrupted\n" {
			t.Errorf("exit code %d, want 130:\n%s", status.ExitStatus(), stderr)
		}
	})
}
