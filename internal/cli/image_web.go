package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Times of a download: to reach a server, until it begins to answer, and in all.
const (
	webDialTime = 15 * time.Second
	webHeadTime = 30 * time.Second
	webTime     = 5 * time.Minute
)

// isWeb reports whether an argument is a component on a web server.
func isWeb(what string) bool {
	return strings.HasPrefix(what, "https://") || strings.HasPrefix(what, "http://")
}

// fetchWeb reads a component from a web server. A digest behind "#" has to be that of
// what comes; redirects lead to https only. Plain http is for servers on this machine.
func fetchWeb(ctx context.Context, env *Env, what string) ([]byte, error) {
	u, digest, err := webAddress(what)
	if err != nil {
		return nil, &usageError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, webTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "wattle/"+version())
	client := &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: webDialTime}).DialContext,
			TLSHandshakeTimeout: webDialTime, ResponseHeaderTimeout: webHeadTime, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 5 {
				return errors.New("more than 5 redirects")
			}
			_, _, err := webAddress(r.URL.String())
			return err
		},
	}
	defer client.CloseIdleConnections()
	shown := newWait(env, "fetching "+u.Redacted())
	defer shown.end()
	resp, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", lattice.ErrUnavailable, err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%q: %w", u.Redacted(), lattice.ErrNotFound)
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("%q: %w: %s", u.Redacted(), lattice.ErrDenied, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%q: %w: %s", u.Redacted(), lattice.ErrUnavailable, resp.Status)
	}
	wasm, err := readAll(&meter{r: resp.Body, f: func(n uint64) { shown.say("%s", formatSize(n)) }}, maxFile)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", u.Redacted(), err)
	}
	sum := sha256.Sum256(wasm)
	if got := "sha256:" + hex.EncodeToString(sum[:]); digest != "" && got != digest {
		return nil, fmt.Errorf("%q: %w: its digest is %s, not %s", u.Redacted(), lattice.ErrInvalid, got, digest)
	}
	return wasm, nil
}

// webAddress reads the address of a component on a web server, and the digest that it
// ends with, if any.
func webAddress(what string) (_ *url.URL, digest string, _ error) {
	u, err := url.Parse(what)
	if err != nil || u.Host == "" {
		return nil, "", fmt.Errorf("%.200q: %w: it is no URL of a component", what, lattice.ErrInvalid)
	}
	digest, u.Fragment = u.Fragment, ""
	switch {
	case digest != "" && wire.CheckDigest(digest) != nil:
		return nil, "", fmt.Errorf("%.200q: %w: behind # belongs the digest, as in #sha256:…", what, lattice.ErrInvalid)
	case u.Scheme != "https" && (u.Scheme != "http" || !thisMachine(u.Hostname())):
		return nil, "", fmt.Errorf("%q: %w: components are fetched by https", u.Redacted(), lattice.ErrDenied)
	}
	return u, digest, nil
}

// thisMachine reports whether a host is the machine itself.
func thisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
