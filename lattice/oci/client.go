package oci

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/wattle-dev/wattle/lattice"
)

// Options configure a Client. The zero value knows no credentials and no mirrors.
type Options struct {
	// AuthFiles are files with credentials, as docker and podman write them. The first
	// that knows a registry counts. Those that do not exist are as empty.
	AuthFiles []string
	// Registries say where references lead, and what is allowed. See ParseRegistries.
	Registries []Registry
	// TLS is the configuration of TLS. If nil, the default.
	TLS *tls.Config
	// Proxy returns the proxy for a request. If nil, the environment says it, as
	// http.ProxyFromEnvironment has it.
	Proxy func(*http.Request) (*url.URL, error)
	// Agent is how the client calls itself. If empty, "wattle".
	Agent string
}

// Client talks to registries. Its methods may be called at the same time.
type Client struct {
	opts     Options
	store    credentials.Store
	secure   *http.Client
	insecure *http.Client
	cache    auth.Cache
}

// dialTime and headTime bound how long a registry may take to be reached, and to begin
// to answer.
const (
	dialTime = 15 * time.Second
	headTime = 60 * time.Second
)

// New returns a client. opts may be nil.
func New(opts *Options) (*Client, error) {
	c := &Client{cache: auth.NewCache()}
	if opts != nil {
		c.opts = *opts
	}
	if c.opts.Proxy == nil {
		c.opts.Proxy = http.ProxyFromEnvironment
	}
	if c.opts.Agent == "" {
		c.opts.Agent = "wattle"
	}
	var stores []credentials.Store
	for _, file := range c.opts.AuthFiles {
		s, err := credentials.NewStore(file, credentials.StoreOptions{AllowPlaintextPut: true})
		if err != nil {
			return nil, fmt.Errorf("credentials of registries in %q: %w: %v", file, lattice.ErrInvalid, err)
		}
		stores = append(stores, s)
	}
	if len(stores) > 0 {
		c.store = credentials.NewStoreWithFallbacks(stores[0], stores[1:]...)
	}
	c.secure = c.client(c.opts.TLS.Clone())
	lax := c.opts.TLS.Clone()
	if lax == nil {
		lax = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	lax.InsecureSkipVerify = true // for registries that the operator calls insecure
	c.insecure = c.client(lax)
	return c, nil
}

func (c *Client) client(t *tls.Config) *http.Client {
	transport := &http.Transport{
		Proxy:                 c.opts.Proxy,
		DialContext:           (&net.Dialer{Timeout: dialTime}).DialContext,
		TLSClientConfig:       t,
		TLSHandshakeTimeout:   dialTime,
		ResponseHeaderTimeout: headTime,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       30 * time.Second,
		ForceAttemptHTTP2:     true,
	}
	return &http.Client{Transport: retry.NewTransport(transport)}
}

// repository returns the repository at a place of a reference.
func (c *Client) repository(at place) (*remote.Repository, error) {
	r, err := remote.NewRepository(at.name)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", lattice.ErrInvalid, err)
	}
	client := &auth.Client{Client: c.secure, Cache: c.cache, Header: http.Header{"User-Agent": {c.opts.Agent}}}
	if at.insecure {
		client.Client = c.insecure
	}
	if c.store != nil {
		client.Credential = credentials.Credential(c.store)
	}
	r.Client = client
	r.PlainHTTP = at.plain
	r.MaxMetadataBytes = MaxManifest
	r.ReferrerListMaxPages = 4
	return r, nil
}

// loopback reports whether a registry is on this machine: then it may speak plain HTTP.
func loopback(registry string) bool {
	host := registry
	if h, _, err := net.SplitHostPort(registry); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// each calls f for the places of a reference in turn until one has it.
func (c *Client) each(ctx context.Context, ref Reference, f func(*remote.Repository) error) error {
	places, err := c.places(ref)
	if err != nil {
		return err
	}
	var errs []error
	for _, at := range places {
		r, err := c.repository(at)
		if err == nil {
			err = f(r)
		}
		if err == nil {
			return nil
		}
		errs = append(errs, explain(at.name, err))
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("image %q: %w", ref, errors.Join(errs...))
}

// explain says what an error of a registry means, and what to do.
func explain(place string, err error) error {
	var response *errcode.ErrorResponse
	switch {
	case errors.Is(err, lattice.ErrInvalid), errors.Is(err, lattice.ErrNotFound), errors.Is(err, lattice.ErrDenied):
		return err
	case errors.Is(err, errdef.ErrNotFound):
		return fmt.Errorf("%w in %q: check the name and the tag, and that you may read it", lattice.ErrNotFound, place)
	case errors.Is(err, auth.ErrBasicCredentialNotFound),
		errors.As(err, &response) && (response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden):
		registry, _, _ := strings.Cut(place, "/")
		return fmt.Errorf("%q: %w: log in first: wattle registry login %s (or docker login, which is read as well)", place, lattice.ErrDenied, registry)
	case errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%q: %w: %v", place, lattice.ErrUnavailable, err)
}

// manifest reads a manifest, whose digest is checked.
func manifest(ctx context.Context, r *remote.Repository, point string) (ocispec.Descriptor, []byte, error) {
	d, body, err := r.Manifests().FetchReference(ctx, point)
	if err != nil {
		return d, nil, err
	}
	data, err := readAll(body, MaxManifest)
	if err != nil {
		return d, nil, fmt.Errorf("manifest: %w", err)
	}
	if got := digest.FromBytes(data); got != d.Digest {
		return d, nil, fmt.Errorf("manifest: %w: the registry says %s and sends %s", lattice.ErrInvalid, d.Digest, got)
	}
	return d, data, nil
}

// blob reads a blob, whose digest and size are checked.
func blob(ctx context.Context, r *remote.Repository, d ocispec.Descriptor, most int64) ([]byte, error) {
	if d.Size > most {
		return nil, fmt.Errorf("%w: %d bytes are more than %d", lattice.ErrInvalid, d.Size, most)
	}
	body, err := r.Blobs().Fetch(ctx, d)
	if err != nil {
		return nil, err
	}
	data, err := readAll(body, d.Size)
	if err != nil {
		return nil, err
	}
	if got := digest.FromBytes(data); got != d.Digest || int64(len(data)) != d.Size {
		return nil, fmt.Errorf("%w: it is %s with %d bytes, and ought to be %s with %d: the registry, or something on the way, has changed it", lattice.ErrInvalid, got, len(data), d.Digest, d.Size)
	}
	return data, nil
}

// readAll reads at most so many bytes.
func readAll(body io.ReadCloser, most int64) (_ []byte, err error) {
	defer func() { err = errors.Join(err, body.Close()) }()
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%w: more than %d bytes", lattice.ErrInvalid, most)
	}
	return data, err
}

// Login checks credentials with a registry and keeps them in the first of AuthFiles.
func (c *Client) Login(ctx context.Context, registry, user, password string) error {
	if c.store == nil {
		return errors.New("there is no file to keep credentials in")
	}
	r, err := remote.NewRegistry(registry)
	if err != nil {
		return fmt.Errorf("registry %.200q: %w: %v", registry, lattice.ErrInvalid, err)
	}
	r.PlainHTTP = loopback(registry)
	r.Client = &auth.Client{Client: c.secure, Header: http.Header{"User-Agent": {c.opts.Agent}}}
	cred := auth.Credential{Username: user, Password: password}
	if user == "" {
		cred = auth.Credential{RefreshToken: password}
	}
	if err := credentials.Login(ctx, c.store, r, cred); err != nil {
		return explain(registry, err)
	}
	return nil
}

// Logout forgets the credentials of a registry.
func (c *Client) Logout(ctx context.Context, registry string) error {
	if c.store == nil {
		return nil
	}
	return credentials.Logout(ctx, c.store, registry)
}

// Tags returns the tags of a repository, at most so many.
func (c *Client) Tags(ctx context.Context, ref Reference, most int) ([]string, error) {
	var tags []string
	err := c.each(ctx, ref, func(r *remote.Repository) error {
		r.TagListMaxPages = 16
		tags = nil
		return r.Tags(ctx, "", func(page []string) error {
			tags = append(tags, page[:min(len(page), most-len(tags))]...)
			return nil
		})
	})
	slices.Sort(tags)
	return tags, err
}
