package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wattle-dev/wattle/internal/cli"
)

// cmdUntil runs a command again until it ends with a code: what one process has said
// another one may not have heard yet.
func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: until CODE ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		var stdout, stderr bytes.Buffer
		got := cli.Main(ctx, &cli.Env{Args: absolute(ts, args[1:]), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: ts.Getenv, Self: cli.Self()})
		if got == want {
			fmt.Fprint(ts.Stdout(), stdout.String())
			fmt.Fprint(ts.Stderr(), stderr.String())
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("exit code %d, want %d:\n%s%s", got, want, stdout.String(), stderr.String())
		case <-again.C:
		}
	}
}

// cmdGateway starts a front door without a host, which runs until the end of the script.
func cmdGateway(ts *testscript.TestScript, _ bool, args []string) {
	s := &server{}
	line := append([]string{"gateway", "run"}, absolute(ts, args)...)
	text := s.start(ts, append(line, "--addr", "127.0.0.1:0", "-o", "json"))
	var r struct{ HTTP string }
	ts.Check(json.Unmarshal([]byte(text), &r))
	ts.Setenv("GATEWAY", r.HTTP)
	fmt.Fprint(ts.Stdout(), text)
}

// cmdRPC sends server/discover to a path of the front door, with a host name that need
// not resolve, and the token in a file or none.
func cmdRPC(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || neg {
		ts.Fatalf("usage: rpc HOST PATH TOKEN-FILE|- [FIELD: VALUE]...")
	}
	front, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	const body = `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	req, err := http.NewRequest(http.MethodPost, front.String()+args[1], strings.NewReader(body))
	ts.Check(err)
	req.Host = args[0] + ":" + front.Port()
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "server/discover",
	} {
		req.Header.Set(name, value)
	}
	if args[2] != "-" {
		token, err := os.ReadFile(ts.MkAbs(args[2]))
		ts.Check(err)
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	for _, field := range args[3:] {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Add(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n%s\n", resp.StatusCode, resp.Header.Get("WWW-Authenticate"), b)
}

// cmdReplicas begins a session at the front door, goes on with it at the gateway that runs
// besides, and ends it there.
func cmdReplicas(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: replicas PATH TOKEN-FILE TOKEN-FILE")
	}
	session := ""
	send := func(method, base, file, body string) (int, string) {
		token, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		req, err := http.NewRequest(method, ts.Getenv(base)+args[0], strings.NewReader(body))
		ts.Check(err)
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2025-11-25",
			"Authorization": "Bearer " + strings.TrimSpace(string(token)),
		} {
			req.Header.Set(name, value)
		}
		if session != "" {
			req.Header.Set("Mcp-Session-Id", session)
		}
		resp, err := http.DefaultClient.Do(req)
		ts.Check(err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		ts.Check(err)
		if session == "" {
			session = resp.Header.Get("Mcp-Session-Id")
		}
		return resp.StatusCode, string(b)
	}
	const call = `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`
	code, body := send(http.MethodPost, "URL", args[1], `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`)
	fmt.Fprintf(ts.Stdout(), "begun %d, named %v: %s\n", code, session != "", body)
	code, body = send(http.MethodPost, "URL", args[1], call)
	fmt.Fprintf(ts.Stdout(), "there %d: %s\n", code, body)
	code, body = send(http.MethodPost, "GATEWAY", args[2], call)
	fmt.Fprintf(ts.Stdout(), "elsewhere %d: %s\n", code, body)
	other := "x"
	if session[0] == 'x' {
		other = "y"
	}
	session = other + session[1:]
	code, body = send(http.MethodPost, "GATEWAY", args[2], call)
	fmt.Fprintf(ts.Stdout(), "forged %d: %s\n", code, body)
}
