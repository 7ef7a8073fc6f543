package httpclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice/capability/httprule"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

func rules(t *testing.T, texts ...string) []httprule.Rule {
	t.Helper()
	var rs []httprule.Rule
	for _, s := range texts {
		r, err := httprule.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, opts httpclient.Options) *httpclient.Client {
	t.Helper()
	c := httpclient.New(&opts)
	t.Cleanup(c.Close)
	return c
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func addrPort(t *testing.T, s *httptest.Server) netip.AddrPort {
	t.Helper()
	ap, err := netip.ParseAddrPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return ap
}

// lookup resolves every name to the given addresses.
func lookup(addrs ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(context.Context, string, string) ([]netip.Addr, error) {
		var as []netip.Addr
		for _, a := range addrs {
			as = append(as, netip.MustParseAddr(a))
		}
		return as, nil
	}
}

// as returns err as an E.
func as[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("error is %T %v, want a %T", err, err, e)
	}
	return e
}

func TestDenyByDefault(t *testing.T) {
	called := false
	s := serve(t, func(http.ResponseWriter, *http.Request) { called = true })
	for _, c := range []*httpclient.Client{httpclient.New(nil), client(t, httpclient.Options{Rules: rules(t, "https://example.com", s.URL+"/v1")})} {
		_, err := c.Do(request(t, "GET", s.URL+"/v2?secret=1", nil), httpclient.Timeouts{}, 0)
		e := as[*httpclient.DeniedError](t, err)
		want := &httpclient.DeniedError{Method: "GET", URL: s.URL + "/v2", Suggest: s.URL}
		if d := cmp.Diff(want, e); d != "" {
			t.Errorf("error (-want +got):\n%s", d)
		}
	}
	if called {
		t.Error("the server was called")
	}
}

func TestRequestErrors(t *testing.T) {
	c := client(t, httpclient.Options{Rules: rules(t, "*")})
	for _, tt := range []struct{ method, url, field string }{
		{"CONNECT", "http://example.com", httpclient.FieldMethod},
		{"B AD", "http://example.com", httpclient.FieldMethod},
		{"GET", "ftp://example.com", httpclient.FieldURL},
		{"GET", "http://user@example.com", httpclient.FieldURL},
		{"GET", "http://", httpclient.FieldURL},
		{"GET", "http://example.com:0", httpclient.FieldURL},
		{"GET", "http://exa_mple.com/" + strings.Repeat("x", 20<<10), httpclient.FieldURLLength},
	} {
		r := request(t, "GET", tt.url, nil)
		r.Method = tt.method
		_, err := c.Do(r, httpclient.Timeouts{}, 0)
		if e := as[*httpclient.RequestError](t, err); e.Field != tt.field {
			t.Errorf("Do(%s %.40s): field %q, want %q", tt.method, tt.url, e.Field, tt.field)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get(httpclient.HopHeader) != "3" || r.Trailer.Get("T") != "in" || r.UserAgent() != "" || len(r.Header["Accept-Encoding"]) != 0 {
			w.WriteHeader(400)
		}
		w.Header().Set("Trailer", "Sum")
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
		w.Header().Set("Sum", "out")
	})
	c := client(t, httpclient.Options{Rules: rules(t, "POST "+s.URL+"/v1/")})
	r := request(t, "POST", s.URL+"/v1/x%20y?z=1", io.MultiReader(strings.NewReader("hello")))
	r.ContentLength = -1
	r.Trailer = http.Header{"T": {"in"}}
	resp, err := c.Do(r, httpclient.Timeouts{Connect: time.Minute, FirstByte: time.Minute, Read: time.Minute}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if got, want := string(body), "POST /v1/x%20y?z=1 hello"; resp.StatusCode != 200 || got != want || err != nil || resp.Trailer.Get("Sum") != "out" {
		t.Errorf("response %d %q, %v, trailers %v, want 200 %q and trailer Sum", resp.StatusCode, got, err, resp.Trailer, want)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/else", http.StatusFound) })
	resp, err := client(t, httpclient.Options{Rules: rules(t, s.URL)}).Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "/else" {
		t.Errorf("response %d %v, want the redirect itself", resp.StatusCode, resp.Header)
	}
}

func TestAddressIsCheckedAtDial(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "in") })
	port := addrPort(t, s).Port()
	for _, tt := range []struct {
		name, rule, host string
		addrs            []string
		allowed          bool
		suggest          string
	}{
		{"wildcard to loopback", "http://*.example.com:*", "a.example.com", []string{"127.0.0.1"}, false, "a.example.com"},
		{"any to loopback", "*", "a.example.com", []string{"127.0.0.1"}, false, "a.example.com"},
		{"any to literal loopback", "*", "127.0.0.1", nil, false, "127.0.0.1"},
		{"mapped loopback", "*", "a.example.com", []string{"::ffff:127.0.0.1"}, false, "a.example.com"},
		{"named to loopback", "http://a.example.com:*", "A.example.COM.", []string{"127.0.0.1"}, true, ""},
		{"literal loopback", "http://127.0.0.1:*", "127.0.0.1", nil, true, ""},
		{"named on another port", "http://a.example.com:1", "a.example.com", []string{"127.0.0.1"}, false, "a.example.com"},
		{"named to metadata", "http://a.example.com:*", "a.example.com", []string{"169.254.169.254"}, false, "169.254.169.254"},
		{"address of a name is not the name", "http://127.0.0.1:*", "a.example.com", []string{"127.0.0.1"}, false, "a.example.com"},
		{"named to unspecified", "http://0.0.0.0:*", "0.0.0.0", nil, false, ""},
		{"only good addresses are used", "http://a.example.com:*", "a.example.com", []string{"169.254.169.254", "127.0.0.1"}, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// A rule that lets the request itself through decides nothing about addresses.
			rs := append(rules(t, tt.rule), httprule.Rule{Host: "*.com"}, httprule.Rule{})
			c := client(t, httpclient.Options{Rules: rs, LookupNetIP: lookup(tt.addrs...)})
			resp, err := c.Do(request(t, "GET", fmt.Sprintf("http://%s:%d/", tt.host, port), nil), httpclient.Timeouts{}, 0)
			if tt.allowed {
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return
			}
			if e := as[*httpclient.AddressError](t, err); e.Suggest != tt.suggest {
				t.Errorf("error %q suggests %q, want %q", e, e.Suggest, tt.suggest)
			}
		})
	}
}

func TestRebinding(t *testing.T) {
	// A name whose addresses change between two looks leads nowhere else: the
	// connection is made to the address that was judged.
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	var dialed []string
	looks := 0
	c := client(t, httpclient.Options{
		Rules: rules(t, "http://*.example.com:*"),
		LookupNetIP: func(context.Context, string, string) ([]netip.Addr, error) {
			if looks++; looks == 1 {
				return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialed = append(dialed, addr)
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		},
	})
	for range 2 {
		r := request(t, "GET", "http://a.example.com:81/", nil)
		r.Close = true
		resp, err := c.Do(r, httpclient.Timeouts{}, 0)
		if err == nil {
			resp.Body.Close()
			continue
		}
		as[*httpclient.AddressError](t, err)
	}
	if d := cmp.Diff([]string{"93.184.216.34:81"}, dialed); d != "" || looks != 2 {
		t.Errorf("dialed after %d looks (-want +got):\n%s", looks, d)
	}
}

func TestLoops(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was called") })
	ap := addrPort(t, s)
	for _, self := range []netip.AddrPort{ap, netip.AddrPortFrom(netip.IPv4Unspecified(), ap.Port()), netip.AddrPortFrom(netip.IPv6Unspecified(), ap.Port())} {
		c := client(t, httpclient.Options{Rules: rules(t, s.URL, "http://name.test:*"), Self: []netip.AddrPort{self}, LookupNetIP: lookup("127.0.0.1")})
		for _, url := range []string{s.URL, fmt.Sprintf("http://name.test:%d", ap.Port())} {
			_, err := c.Do(request(t, "GET", url, nil), httpclient.Timeouts{}, 0)
			if e := as[*httpclient.LoopError](t, err); e.Addr != ap {
				t.Errorf("listening on %v: called %v, want %v", self, e.Addr, ap)
			}
		}
	}
	c := client(t, httpclient.Options{Rules: rules(t, s.URL), MaxHops: 2})
	_, err := c.Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 2)
	as[*httpclient.LoopError](t, err)
}

func TestHops(t *testing.T) {
	for s, want := range map[string]int{"": 0, "3": 3, "-1": 0, "x": 0, "99999999999999999999": 0} {
		if got := httpclient.Hops(http.Header{httpclient.HopHeader: {s}}); got != want {
			t.Errorf("Hops(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestResponseLimits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 1500))
		case "/hugeheader":
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		case "/length":
			w.Header().Set("Content-Length", "101")
			w.Write(make([]byte, 101))
		case "/stream":
			for range 101 {
				w.Write([]byte("x"))
				http.NewResponseController(w).Flush()
			}
		case "/trailer":
			w.Write([]byte("x"))
			http.NewResponseController(w).Flush()
			w.Header().Set(http.TrailerPrefix+"X", strings.Repeat("x", 1500))
		}
	})
	c := client(t, httpclient.Options{Rules: rules(t, s.URL), MaxResponseHeader: 1000, MaxResponseBody: 100})
	for path, want := range map[string]string{
		"/header": httpclient.LimitHeader, "/length": httpclient.LimitBody,
		"/stream": httpclient.LimitBody, "/trailer": httpclient.LimitTrailer,
	} {
		resp, err := c.Do(request(t, "GET", s.URL+path, nil), httpclient.Timeouts{}, 0)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if e := as[*httpclient.LimitError](t, err); e.What != want || len(got) > 100 {
			t.Errorf("%s: %v after %d bytes, want a limit of %s", path, e, len(got), want)
		}
	}
	if resp, err := c.Do(request(t, "GET", s.URL+"/hugeheader", nil), httpclient.Timeouts{}, 0); err == nil {
		resp.Body.Close()
		t.Error("a header of 1 MiB is accepted")
	}
}

func TestRequestsAtOnce(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") })
	c := client(t, httpclient.Options{Rules: rules(t, s.URL), MaxRequests: 1})
	for range 3 {
		resp, err := c.Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 0)
		if e := as[*httpclient.LimitError](t, err); e.What != httpclient.LimitRequests {
			t.Errorf("second request: %v", e)
		}
		resp.Body.Close()
		resp.Body.Close() // again does no harm
	}
}

func TestTimeouts(t *testing.T) {
	// In a bubble time passes only when everybody waits. Connections are pipes.
	for _, tt := range []struct {
		name string
		t    httpclient.Timeouts
		peer func(net.Conn) // what the server does after it has the request
		want httpclient.Phase
	}{
		{"connect", httpclient.Timeouts{Connect: time.Second}, nil, httpclient.PhaseConnect},
		{"first byte", httpclient.Timeouts{FirstByte: time.Second}, func(net.Conn) {}, httpclient.PhaseFirstByte},
		{"read", httpclient.Timeouts{FirstByte: time.Second, Read: time.Second}, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
		}, httpclient.PhaseRead},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, httpclient.Options{
					Rules: rules(t, "http://example.com"), LookupNetIP: lookup("93.184.216.34"),
					DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
						if tt.peer == nil {
							<-ctx.Done()
							return nil, ctx.Err()
						}
						ours, theirs := net.Pipe()
						go func() {
							defer theirs.Close()
							buf := make([]byte, 4096)
							theirs.Read(buf)
							tt.peer(theirs)
							io.Copy(io.Discard, theirs)
						}()
						return ours, nil
					},
				})
				start := time.Now()
				resp, err := c.Do(request(t, "GET", "http://example.com/", nil), tt.t, 0)
				if err == nil {
					time.Sleep(time.Minute) // nobody reads: no timeout of reading
					var got []byte
					got, err = io.ReadAll(resp.Body)
					if string(got) != "ab" {
						t.Errorf("body %q before the timeout, want \"ab\"", got)
					}
					resp.Body.Close()
					start = start.Add(time.Minute)
				}
				if e := as[*httpclient.TimeoutError](t, err); e.Phase != tt.want || time.Since(start) != time.Second {
					t.Errorf("after %v: %v, want phase %q after 1s", time.Since(start), e, tt.want)
				}
			})
		})
	}
}

func TestDefaultTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, httpclient.Options{
			Rules: rules(t, "http://example.com"), LookupNetIP: lookup("93.184.216.34"), Timeout: time.Minute,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go io.Copy(io.Discard, theirs)
				return ours, nil
			},
		})
		_, err := c.Do(request(t, "GET", "http://example.com/", nil), httpclient.Timeouts{}, 0)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want a deadline exceeded", err)
		}
	})
}

func TestUpgradeIsRefused(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	})
	_, err := client(t, httpclient.Options{Rules: rules(t, s.URL)}).Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 0)
	as[*httpclient.UpgradeError](t, err)
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the client that does not trust it
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	opts := httpclient.Options{Rules: rules(t, s.URL), TLS: &tls.Config{RootCAs: roots}}
	resp, err := client(t, opts).Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	opts.TLS = nil
	_, err = client(t, opts).Do(request(t, "GET", s.URL, nil), httpclient.Timeouts{}, 0)
	as[*tls.CertificateVerificationError](t, err)
}

func TestCloseEndsReadAndRequestBody(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		w.WriteHeader(200)
		_ = rc.Flush()
		_, _ = io.Copy(io.Discard, r.Body)
	})
	c := client(t, httpclient.Options{Rules: rules(t, s.URL)})
	pr, pw := io.Pipe()
	resp, err := c.Do(request(t, "POST", s.URL, pr), httpclient.Timeouts{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error)
	go func() {
		_, err := resp.Body.Read(make([]byte, 1))
		read <- err
	}()
	resp.Body.Close()
	if err := <-read; err == nil {
		t.Error("Read succeeded after Close")
	}
	for err = nil; err == nil; {
		_, err = pw.Write(bytes.Repeat([]byte("x"), 1<<16))
	}
}

func TestNoProxyFromEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := client(t, httpclient.Options{
		Rules: rules(t, "http://example.com"), LookupNetIP: lookup("93.184.216.34"),
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr != "93.184.216.34:80" {
				return nil, fmt.Errorf("dialed %q", addr)
			}
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		},
	})
	resp, err := c.Do(request(t, "GET", "http://example.com", nil), httpclient.Timeouts{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
