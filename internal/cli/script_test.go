package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wattle-dev/wattle/internal/cli"
)

// TestMain lets scripts run wattle as a process of its own, with `exec wattle`.
// So does wattle itself when it compiles.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{"compile-worker"}) {
		os.Exit(cli.Main(context.Background(), processEnv()))
	}
	testscript.Main(m, map[string]func(){"wattle": func() {
		ctx, _ := cli.Signals(context.Background())
		os.Exit(cli.Main(ctx, processEnv()))
	}})
}

func processEnv() *cli.Env {
	return &cli.Env{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Self: cli.Self()}
}

// TestScripts runs the scripts of testdata/script. Besides the commands of
// testscript they have:
//
//	code CODE ARG...         runs wattle and demands its exit code
//	unprivileged CODE ARG... does so without a superuser's power over files
//	serve ARG...             starts `wattle run ARG... -o json`; its URL is $URL
//	http METHOD PATH [BODY]  asks the server; status and body become stdout. With !,
//	                         the answer has to be cut off
//	up ARG...                starts `wattle up ARG... -o json` on free ports; $URL, $NATS
//	                         and $HOST are what it has
//	host ARG...              starts `wattle hostgroup run ARG... -o json`
//	scheduler ARG...         starts `wattle scheduler run ARG... -o json`; $ADDRESS is where
//	                         others reach it
//	fetch HOST PATH          asks the front door for a path on a host
//	ask [-until REGEXP] METHOD HOST PATH [BODY]
//	                         does so with another method, and again until the status and
//	                         the body match
//	upstream                 starts what components make requests to: $UPSTREAM; its status
//	                         is 200 and how many credentials it has seen
//	seen                     prints the requests that it got since the last time
//	replace FILE OLD NEW     replaces a text in a file
//	creds ROLE DIR FILE      makes credentials with the keys of a data directory
//	stop                     ends the server; what it wrote becomes stderr
//	occupy                   listens on a port and sets $PORT to it
//	cut FILE SIZE            makes a file shorter
//	poke FILE OFFSET BYTE    changes a byte of a file
//	module FILE              makes a core module that is empty
//	json                     demands that stdout is JSON
//	registry                 starts a registry for OCI artifacts: $REGISTRY
//	web                      starts a web server that has the examples: $WEB, and $WRONG
//	                         and $ODD with digests that are wrong
//	sign REPO TAG POLICY     signs an image there, and writes the policy that wants that
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	guests, err := filepath.Abs("testdata/guests")
	if err != nil {
		t.Fatal(err)
	}
	packages, err := filepath.Abs("../../host/component/testdata/package")
	if err != nil {
		t.Fatal(err)
	}
	// Compiled code is shared by all scripts, and by no other run.
	cache := filepath.Join(t.TempDir(), "cache")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("GUESTS", guests)
			env.Setenv("WASI_GUESTS", filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(guests))), "guests"))
			env.Setenv("PACKAGES", packages)
			env.Setenv("WATTLE_CACHE_DIR", cache)
			env.Setenv("WATTLE_DATA_DIR", filepath.Join(env.WorkDir, "data"))
			env.Values[serverKey{}] = &server{}
			env.Values[upstreamKey{}] = &upstream{credentials: map[string]bool{}}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": cmdCode, "unprivileged": cmdUnprivileged, "serve": cmdServe, "http": cmdHTTP, "stop": cmdStop,
			"up": cmdUp, "host": cmdHost, "scheduler": cmdScheduler, "fetch": cmdFetch, "creds": cmdCreds,
			"occupy": cmdOccupy, "cut": cmdCut, "poke": cmdPoke, "module": cmdModule, "json": cmdJSON, "registry": cmdRegistry, "web": cmdWeb, "sign": cmdSign,
			"upstream": cmdUpstream, "seen": cmdSeen, "replace": cmdReplace, "ask": cmdAsk,
			"until": cmdUntil, "gateway": cmdGateway, "rpc": cmdRPC, "replicas": cmdReplicas,
		},
	})
}

func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg {
		ts.Fatalf("usage: code CODE ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // should it wait for ever
	defer cancel()
	got := cli.Main(ctx, &cli.Env{Args: absolute(ts, args[1:]), Stdin: strings.NewReader(""), Stdout: ts.Stdout(), Stderr: ts.Stderr(), Getenv: ts.Getenv, Self: cli.Self()})
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// absolute makes files of the script's directory known to this process, which
// runs in another.
func absolute(ts *testscript.TestScript, args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if host, guest, ok := strings.Cut(a, "::"); ok {
			out[i] = ts.MkAbs(host) + "::" + guest
		} else if _, err := os.Stat(ts.MkAbs(a)); a != "" && err == nil {
			out[i] = ts.MkAbs(a)
		}
	}
	return out
}

type serverKey struct{}

// server is a `wattle run` in this process.
type server struct {
	cancel context.CancelFunc
	done   chan int
	stderr lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(serverKey{}).(*server)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.done = cancel, make(chan int, 1)
	line := append([]string{"run"}, absolute(ts, args)...)
	line = append(line, "--addr", "127.0.0.1:0", "-o", "json")
	r, w := io.Pipe()
	go func() {
		s.done <- cli.Main(ctx, &cli.Env{Args: line, Stdin: strings.NewReader(""), Stdout: w, Stderr: &s.stderr, Getenv: ts.Getenv, Self: cli.Self()})
		_ = w.Close()
	}()
	ts.Defer(func() { s.end() })
	text, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		ts.Fatalf("the server does not serve:\n%s", s.stderr.String())
	}
	var a struct {
		URL string `json:"url"`
		MCP string `json:"mcp_url"`
	}
	ts.Check(json.Unmarshal([]byte(text), &a))
	ts.Setenv("URL", a.URL)
	ts.Setenv("MCP_URL", a.MCP)
	fmt.Fprint(ts.Stdout(), text)
}

// end stops the server, if there is one, and returns its exit code.
func (s *server) end() int {
	if s.cancel == nil {
		return 0
	}
	s.cancel()
	s.cancel = nil
	return <-s.done
}

func cmdStop(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(serverKey{}).(*server)
	if code := s.end(); code != 0 {
		ts.Fatalf("the server ends with code %d:\n%s", code, s.stderr.String())
	}
	fmt.Fprint(ts.Stderr(), s.stderr.String())
}

func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: http METHOD PATH [BODY]")
	}
	body := strings.Join(args[2:], " ")
	req, err := http.NewRequest(args[0], ts.Getenv("URL")+args[1], strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if (err != nil) != neg {
		ts.Fatalf("reading the answer: %v", err)
	}
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", resp.StatusCode, b)
}

func cmdOccupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv("PORT", port)
}

func cmdCut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cut FILE SIZE")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func cmdPoke(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: poke FILE OFFSET BYTE")
	}
	at, err := strconv.ParseInt(args[1], 0, 64)
	ts.Check(err)
	b, err := strconv.ParseUint(args[2], 0, 8)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	_, err = f.WriteAt([]byte{byte(b)}, at)
	ts.Check(errors.Join(err, f.Close()))
}

func cmdJSON(ts *testscript.TestScript, neg bool, _ []string) {
	if out := ts.ReadFile("stdout"); json.Valid([]byte(out)) == neg {
		ts.Fatalf("stdout is JSON: %v", !neg)
	}
}

func cmdModule(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("\x00asm\x01\x00\x00\x00"), 0o600))
}
