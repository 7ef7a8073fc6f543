package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wattle-dev/wattle/internal/cli"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// cmdUp starts a lattice. It is the server that cmdStop ends.
func cmdUp(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(serverKey{}).(*server)
	s.stderr = lockedBuffer{}
	line := append([]string{"up"}, absolute(ts, args)...)
	line = append(line, "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0", "-o", "json")
	text := s.start(ts, line)
	var r struct{ HTTP, NATS, Host string }
	ts.Check(json.Unmarshal([]byte(text), &r))
	ts.Setenv("URL", r.HTTP)
	ts.Setenv("NATS", r.NATS)
	ts.Setenv("HOST", r.Host)
	fmt.Fprint(ts.Stdout(), text)
}

// cmdHost starts a host, which runs until the end of the script.
func cmdHost(ts *testscript.TestScript, _ bool, args []string) {
	s := &server{}
	text := s.start(ts, append(append([]string{"hostgroup", "run"}, absolute(ts, args)...), "-o", "json"))
	fmt.Fprint(ts.Stdout(), text)
}

// cmdScheduler starts a scheduler, which runs until the end of the script.
func cmdScheduler(ts *testscript.TestScript, _ bool, args []string) {
	s := &server{}
	text := s.start(ts, append(append([]string{"scheduler", "run"}, absolute(ts, args)...), "-o", "json"))
	var r struct{ Address string }
	ts.Check(json.Unmarshal([]byte(text), &r))
	ts.Setenv("ADDRESS", r.Address)
	fmt.Fprint(ts.Stdout(), text)
}

// start runs a command in this process until the end of the script, and returns
// the line with which it says that it runs.
func (s *server) start(ts *testscript.TestScript, line []string) string {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.done = cancel, make(chan int, 1)
	r, w := io.Pipe()
	go func() {
		s.done <- cli.Main(ctx, &cli.Env{Args: line, Stdin: strings.NewReader(""), Stdout: w, Stderr: &s.stderr, Getenv: ts.Getenv, Self: cli.Self()})
		_ = w.Close()
	}()
	ts.Defer(func() { s.end() })
	text, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		ts.Fatalf("wattle %s does not run:\n%s", strings.Join(line, " "), s.stderr.String())
	}
	return text
}

// cmdFetch is a request with a host name that need not resolve.
func cmdFetch(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: fetch HOST PATH")
	}
	front, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	req, err := http.NewRequest(http.MethodGet, front.String()+args[1], nil)
	ts.Check(err)
	req.Host = args[0] + ":" + front.Port()
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", resp.StatusCode, b)
}

func cmdCreds(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: creds ROLE DIR FILE")
	}
	ring, err := trust.OpenOrInit(filepath.Join(ts.MkAbs(args[1]), "keys"), lattice.DefaultName)
	ts.Check(err)
	c, err := ring.Issue(lattice.DefaultName, trust.Role(args[0]), nil)
	ts.Check(err)
	ts.Check(c.Write(ts.MkAbs(args[2])))
}
