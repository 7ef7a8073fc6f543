package capability_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
)

// proxy is a component that fetches what a request asks for.
var proxy = sync.OnceValues(func() (*component.Component, error) {
	wasm, err := os.ReadFile("../../examples/http-proxy/proxy.wasm")
	if err != nil {
		return nil, err
	}
	var l component.Linker
	if err := wasi.Define(&l); err != nil {
		return nil, err
	}
	e, err := component.NewEngine(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	return e.Load(context.Background(), wasm, &l)
})

const canary = "canary-4711-token"

// fetcher has the proxy fetch URLs under links to HTTP clients, and returns what it
// answers. log is what the host says meanwhile.
func fetcher(t *testing.T, env *capability.Env, log io.Writer, links ...lattice.Capability) func(target string, header ...string) (status int, body string) {
	t.Helper()
	comp, err := proxy()
	if err != nil {
		t.Fatal(err)
	}
	for i := range links {
		l := &links[i]
		l.Kind, l.Namespace, l.Package, l.Interfaces = "httpclient", "wasi", "http", []string{"outgoing-handler"}
		l.Secrets = map[string]lattice.SecretRef{"token": {Name: "upstream", Version: 1}}
		if l.Name == "" {
			l.Name = lattice.DefaultLink
		}
	}
	secrets := func(ref lattice.SecretRef) (string, bool) { return canary, ref.Name == "upstream" }
	g, err := capability.Open(t.Context(), env, wasi.Options{}, links, secrets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := host.NewServer(comp, &host.Options{Name: "proxy", WASI: g.WASI, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return func(target string, header ...string) (int, string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?url="+url.QueryEscape(target), nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
}

func upstream(t *testing.T, f http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

// A component reaches what the rules of its links allow, and is refused everything else:
// addresses that are not public, however they are written, unless a rule names them;
// credentials, other ports and names that only look alike.
func TestEgress(t *testing.T) {
	s := upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "reached") })
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, test := range []struct {
		name, allow, target string
		reached             bool
		says                string // what the guest is told
	}{
		{"no rule", "", s.URL, false, "HTTP-request-denied"},
		{"rule", s.URL, s.URL, true, ""},
		{"any public server", "*", s.URL, false, "destination-IP-prohibited"},
		{"another path", s.URL + "/v1", s.URL + "/v2", false, "HTTP-request-denied"},
		{"a path that wanders", s.URL + "/v1/", s.URL + "/v1/%2e%2e/admin", false, "HTTP-request-denied"},
		{"another port", "http://127.0.0.1:1", s.URL, false, "HTTP-request-denied"},
		{"a name for loopback", "*", "http://localhost" + port, false, "destination-IP-prohibited"},
		{"a name that a rule names", "http://localhost" + port, "http://localhost" + port, true, ""},
		{"IPv4 in IPv6", "*", "http://[::ffff:127.0.0.1]" + port, false, "destination-IP-prohibited"},
		{"unspecified", "*", "http://0.0.0.0" + port, false, "destination-IP-prohibited"},
		{"metadata", "*", "http://169.254.169.254/latest/meta-data/", false, "destination-IP-prohibited"},
		{"metadata over NAT64", "*", "http://[64:ff9b::a9fe:a9fe]/", false, "destination-IP-prohibited"},
		{"private", "*", "http://10.0.0.1/", false, "destination-IP-prohibited"},
		{"multicast", "*", "http://224.0.0.1/", false, "destination-IP-prohibited"},
		{"ssh", "https://example.com", "https://example.com:22/", false, "HTTP-request-denied"},
		{"look-alike", "https://example.com", "https://exämple.com/", false, ""},
		{"suffix", "https://*.example.com", "https://example.com.evil.test/", false, "HTTP-request-denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fetch := fetcher(t, &capability.Env{}, t.Output(), lattice.Capability{Config: map[string]string{"allow": test.allow}})
			status, body := fetch(test.target)
			switch {
			case test.reached && (status != http.StatusOK || body != "reached"):
				t.Errorf("%s: %d %q", test.target, status, body)
			case !test.reached && (status < 400 || !strings.Contains(body, test.says)):
				t.Errorf("%s: %d %q, want the guest to be told %q", test.target, status, body, test.says)
			}
		})
	}
}

// The host's own addresses are out of reach, whatever a rule says.
func TestEgressToSelf(t *testing.T) {
	s := upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "reached") })
	self, err := netip.ParseAddrPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fetch := fetcher(t, &capability.Env{Self: []netip.AddrPort{self}}, t.Output(), lattice.Capability{Config: map[string]string{"allow": s.URL}})
	if status, body := fetch(s.URL); status != http.StatusBadGateway || !strings.Contains(body, "loop") {
		t.Errorf("%d %q", status, body)
	}
}

// What the host adds to a request reaches the server that it is for and nobody else. The
// guest cannot see it, and neither can who reads the log.
func TestCredentials(t *testing.T) {
	var got []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization")+"|"+r.Header.Get("Accept"))
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}
	}
	s, other := upstream(t, handler), upstream(t, handler)
	var log bytes.Buffer
	fetch := fetcher(t, &capability.Env{}, &log, lattice.Capability{Config: map[string]string{
		"allow":                         s.URL + "\n" + other.URL,
		"header.authorization@" + s.URL: "Bearer ${secret:token}",
		"header.accept":                 "application/json",
	}})
	status, body := fetch(s.URL, "Accept", "text/html")
	if status != http.StatusOK || len(got) != 1 || got[0] != "Bearer "+canary+"|application/json" {
		t.Errorf("%d %q: the server got %q", status, body, got)
	}
	fetch(other.URL)
	if len(got) != 2 || got[1] != "|application/json" {
		t.Errorf("another server got %q", got)
	}
	seen := body
	for _, target := range []string{s.URL + "/redirect", strings.Replace(s.URL, "http:", "https:", 1), s.URL + "/a%zz"} {
		_, body := fetch(target)
		seen += body
	}
	if strings.Contains(seen, canary) || strings.Contains(log.String(), canary) {
		t.Errorf("the secret shows: to the guest %q, in the log %q", seen, log.String())
	}
}

// Of several links the first of which a rule matches makes the request, the default one
// first. The component's bound counts for all of them.
func TestSeveralClients(t *testing.T) {
	s := upstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-Link")) })
	fetch := fetcher(t, &capability.Env{Requests: 1}, t.Output(),
		lattice.Capability{Name: "b", Config: map[string]string{"allow": s.URL, "header.x-link": "b"}},
		lattice.Capability{Name: "a", Config: map[string]string{"allow": s.URL + "/a", "header.x-link": "a"}},
		lattice.Capability{Config: map[string]string{"allow": s.URL + "/a/default", "header.x-link": "default"}},
	)
	for path, want := range map[string]string{"/a/default": "default", "/a": "a", "/": "b"} {
		if status, body := fetch(s.URL + path); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q, want %q", path, status, body, want)
		}
	}
}

// A configuration that asks for a secret that is not there, or that the server would not
// take, is not opened; the reason does not show it.
func TestBadCredentials(t *testing.T) {
	for name, value := range map[string]string{"missing": "", "line break": canary + "\r\nX: y"} {
		c := lattice.Capability{
			Kind: "httpclient", Name: lattice.DefaultLink, Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"},
			Config:  map[string]string{"allow": "https://example.com", "header.authorization": "${secret:token}"},
			Secrets: map[string]lattice.SecretRef{"token": {Name: "upstream", Version: 1}},
		}
		_, err := capability.Open(t.Context(), &capability.Env{}, wasi.Options{}, []lattice.Capability{c}, func(lattice.SecretRef) (string, bool) { return value, value != "" })
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
