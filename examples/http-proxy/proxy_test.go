package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// get asks the proxy for target and returns the response with its body read.
func get(t *testing.T, p *proxy, target string) (*http.Response, string, error) {
	t.Helper()
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	res, err := http.Get(front.URL + "/?url=" + url.QueryEscape(target))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func TestProxyRelays(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.RequestURI())
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, strings.Repeat("tea ", 10_000))
		w.Header().Set("X-Sum", "10000")
	}))
	defer upstream.Close()

	res, body, err := get(t, &proxy{transport: http.DefaultTransport}, upstream.URL+"/pot?milk=no")
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusTeapot {
		t.Errorf("status = %d, want %d", res.StatusCode, http.StatusTeapot)
	}
	if got, want := res.Header.Get("X-Path"), "/pot?milk=no"; got != want {
		t.Errorf("upstream saw %q, want %q", got, want)
	}
	if want := strings.Repeat("tea ", 10_000); body != want {
		t.Errorf("body has %d bytes, want %d", len(body), len(want))
	}
	if got := res.Trailer.Get("X-Sum"); got != "10000" {
		t.Errorf("trailer X-Sum = %q, want %q", got, "10000")
	}
}

func TestProxyCutsOffWhatWasCutOff(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "partial")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer upstream.Close()

	if _, body, err := get(t, &proxy{transport: http.DefaultTransport}, upstream.URL); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("reading the body gave %q and error %v, want %v", body, err, io.ErrUnexpectedEOF)
	}
}

func TestProxyRefuses(t *testing.T) {
	for target, want := range map[string]int{
		"":                  http.StatusBadRequest,
		"ftp://example.com": http.StatusBadRequest,
		"http://":           http.StatusBadRequest,
		"http://[::1":       http.StatusBadRequest,
		"//example.com/":    http.StatusBadRequest,
	} {
		t.Run(target, func(t *testing.T) {
			res, body, _ := get(t, &proxy{transport: broken{}}, target)
			if res.StatusCode != want {
				t.Errorf("status for %q = %d (%s), want %d", target, res.StatusCode, body, want)
			}
		})
	}
}

// errBroken is a failure of the way to upstream.
var errBroken = errors.New("HTTP-request-denied")

// broken is a transport that always fails.
type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }

func TestProxyExplainsFailures(t *testing.T) {
	for kind, want := range map[failure]int{
		denied:   http.StatusForbidden,
		timedOut: http.StatusGatewayTimeout,
		failed:   http.StatusBadGateway,
	} {
		p := &proxy{transport: broken{}, classify: func(err error) failure {
			if !errors.Is(err, errBroken) {
				t.Errorf("classify got %v, want %v", err, errBroken)
			}
			return kind
		}}
		res, body, _ := get(t, p, "http://user:secret@example.com/")
		if res.StatusCode != want {
			t.Errorf("status = %d, want %d", res.StatusCode, want)
		}
		if !strings.Contains(body, errBroken.Error()) || strings.Contains(body, "secret") {
			t.Errorf("body = %q, want the reason and no password", body)
		}
	}
}
