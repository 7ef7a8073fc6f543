package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// proxy is the handler.
type proxy struct {
	transport http.RoundTripper
	classify  func(error) failure
}

// failure is why there is no response from upstream.
type failure int

const (
	failed   failure = iota // no usable answer
	denied                  // the host does not let the guest reach upstream
	timedOut                // no answer in time
)

// status is what the client is told.
func (f failure) status() int {
	switch f {
	case denied:
		return http.StatusForbidden
	case timedOut:
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// copied are the request fields that are passed on.
var copied = []string{"Accept", "Accept-Encoding", "Accept-Language", "If-Modified-Since", "If-None-Match", "Range"}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are proxied", http.StatusMethodNotAllowed)
		return
	}
	target, err := parseTarget(r.URL.Query().Get("url"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request := (&http.Request{Method: r.Method, URL: target, Header: http.Header{}}).WithContext(r.Context())
	for _, key := range copied {
		if values := r.Header.Values(key); len(values) > 0 {
			request.Header[key] = values
		}
	}
	response, err := p.transport.RoundTrip(request)
	if err != nil {
		http.Error(w, fmt.Sprintf("fetch %s: %v", target.Redacted(), err), p.classify(err).status())
		return
	}
	defer response.Body.Close()
	relay(w, response)
}

// parseTarget accepts an absolute http or https URL.
func parseTarget(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, fmt.Errorf("say which URL to fetch: GET /?url=https://example.com/")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("scheme %q: only http and https are proxied", u.Scheme)
	case u.Host == "":
		return nil, fmt.Errorf("url %q names no host", raw)
	}
	return u, nil
}

// relay copies the response as it arrives.
func relay(w http.ResponseWriter, response *http.Response) {
	header := w.Header()
	for key, values := range response.Header {
		header[key] = values
	}
	w.WriteHeader(response.StatusCode)
	if _, err := io.Copy(flushing{w, http.NewResponseController(w)}, response.Body); err != nil {
		// The head is gone already, so all that is left is not to pretend that
		// the body is whole.
		panic(http.ErrAbortHandler)
	}
	for key, values := range response.Trailer {
		header[http.TrailerPrefix+key] = values
	}
}

// flushing flushes after each write, so that a slow upstream's bytes arrive
// when they are sent. It hides w's other methods from io.Copy.
type flushing struct {
	io.Writer
	control *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}
