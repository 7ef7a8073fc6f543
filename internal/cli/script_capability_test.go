package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// upstream is what components make requests to. The status that it answers with is 200
// and how many credentials it has seen.
type upstream struct {
	mu          sync.Mutex
	seen        strings.Builder
	credentials map[string]bool
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintf(&u.seen, "%s %s authorization=%q body=%q %v\n", r.Method, r.URL.Path, r.Header.Get("Authorization"), body, err)
	u.credentials[r.Header.Get("Authorization")] = true
	w.WriteHeader(http.StatusOK + len(u.credentials))
}

type upstreamKey struct{}

// cmdUpstream starts an HTTP server that components may make requests to.
func cmdUpstream(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: upstream")
	}
	u := ts.Value(upstreamKey{}).(*upstream)
	s := httptest.NewServer(u)
	ts.Defer(s.Close)
	ts.Setenv("UPSTREAM", s.URL)
}

// cmdSeen prints the requests that the upstream has got since the last time.
func cmdSeen(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: seen")
	}
	u := ts.Value(upstreamKey{}).(*upstream)
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprint(ts.Stdout(), u.seen.String())
	u.seen.Reset()
}

// cmdReplace replaces a text in a file.
func cmdReplace(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	name := ts.MkAbs(args[0])
	b, err := os.ReadFile(name)
	ts.Check(err)
	if !strings.Contains(string(b), args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(name, []byte(strings.ReplaceAll(string(b), args[1], args[2])), 0o600))
}

// cmdAsk is a request to the front door with a host name that need not resolve. With
// -until it is made again until the answer is as wanted.
func cmdAsk(ts *testscript.TestScript, neg bool, args []string) {
	until := ""
	if len(args) > 2 && args[0] == "-until" {
		until, args = args[1], args[2:]
	}
	if len(args) < 3 || len(args) > 4 || neg {
		ts.Fatalf("usage: ask [-until REGEXP] METHOD HOST PATH [BODY]")
	}
	want := regexp.MustCompile(until)
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		answer := askOnce(ts, args[0], args[1], args[2], strings.Join(args[3:], ""))
		if want.MatchString(answer) {
			fmt.Fprint(ts.Stdout(), answer)
			return
		}
		select {
		case <-again.C:
		case <-late.C:
			ts.Fatalf("the answer is still %q", answer)
		}
	}
}

func askOnce(ts *testscript.TestScript, method, host, path, body string) string {
	front, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	req, err := http.NewRequest(method, front.String()+path, strings.NewReader(body))
	ts.Check(err)
	req.Host = host + ":" + front.Port()
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return fmt.Sprintf("%d\n%s\n", resp.StatusCode, b)
}
