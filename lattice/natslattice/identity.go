package natslattice

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// identity is who connects.
type identity struct {
	// user is the public key, empty if there is none.
	user  string
	creds *trust.Creds
	// file is where creds are read again.
	file  string
	apply func(*nats.Options)
}

// identity finds out who connects.
func (o *Options) identity() (*identity, error) {
	ways := 0
	for _, set := range []bool{o.Credentials != nil, o.CredentialsFile != "", o.Key != nil, o.User != "", o.Token != ""} {
		if set {
			ways++
		}
	}
	if ways > 1 {
		return nil, fmt.Errorf("%w: give only one of credentials, a key, a user and a token", lattice.ErrInvalid)
	}
	id := &identity{apply: func(*nats.Options) {}}
	switch {
	case o.CredentialsFile != "":
		creds, err := trust.ReadCreds(o.CredentialsFile)
		if err != nil {
			return nil, err
		}
		id.user, id.creds, id.file = creds.User(), creds, o.CredentialsFile
		id.apply = id.applyFile
	case o.Credentials != nil:
		id.user, id.creds = o.Credentials.User(), o.Credentials
		id.apply = func(s *nats.Options) {
			s.UserJWT = func() (string, error) { return o.Credentials.JWT, nil }
			s.SignatureCB = o.Credentials.Key.SignNonce
		}
	case o.Key != nil:
		id.user = o.Key.User()
		id.apply = func(s *nats.Options) {
			s.Nkey = o.Key.User()
			s.SignatureCB = o.Key.SignNonce
		}
	case o.User != "":
		id.apply = func(s *nats.Options) { s.User, s.Password = o.User, string(o.Password) }
	case o.Token != "":
		id.apply = func(s *nats.Options) { s.Token = string(o.Token) }
	}
	return id, nil
}

// applyFile has the credentials be read at each connection.
func (id *identity) applyFile(s *nats.Options) {
	var mu sync.Mutex
	creds := id.creds
	s.UserJWT = func() (string, error) {
		now, err := trust.ReadCreds(id.file)
		if err != nil {
			return "", err
		}
		if now.User() != id.user {
			return "", fmt.Errorf("%q: %w: it has another user now, which needs a new start", id.file, lattice.ErrInvalid)
		}
		mu.Lock()
		defer mu.Unlock()
		creds = now
		return now.JWT, nil
	}
	s.SignatureCB = func(nonce []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return creds.Key.SignNonce(nonce)
	}
}

// apply sets TLS. The files are read at each connection, and now to see that they
// are good.
func (t *TLS) apply(s *nats.Options) error {
	if t == nil {
		return nil
	}
	s.Secure = true
	s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		if _, err := t.roots(); err != nil {
			return err
		}
		s.RootCAsCB = t.roots
	}
	if (t.Cert == "") != (t.Key == "") {
		return fmt.Errorf("TLS: %w: a certificate needs a key, and a key a certificate", lattice.ErrInvalid)
	}
	if t.Cert != "" {
		if _, err := t.certificate(); err != nil {
			return err
		}
		s.TLSCertCB = t.certificate
	}
	return nil
}

func (t *TLS) roots() (*x509.CertPool, error) {
	text, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, fmt.Errorf("TLS authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("TLS authorities: %q: %w: no certificate in it", t.CA, lattice.ErrInvalid)
	}
	return pool, nil
}

func (t *TLS) certificate() (tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("TLS certificate: %w", err)
	}
	return c, nil
}

// urls returns the addresses with their schemes.
func (o *Options) urls() ([]string, error) {
	if o.InProcess != nil {
		return nil, nil
	}
	if len(o.URLs) == 0 {
		return []string{DefaultURL}, nil
	}
	var urls []string
	for _, list := range o.URLs {
		for s := range strings.SplitSeq(list, ",") {
			s = strings.TrimSpace(s)
			if !strings.Contains(s, "://") {
				s = "nats://" + s
			}
			u, err := url.Parse(s)
			if err != nil {
				// The error would have the text, and the text may have a password.
				if e, ok := errors.AsType[*url.Error](err); ok {
					err = e.Err
				}
				return nil, fmt.Errorf("address %q: %w: %v", withoutUser(s), lattice.ErrInvalid, err)
			}
			switch u.Scheme {
			case "nats", "tls", "ws", "wss":
			default:
				return nil, fmt.Errorf("address %q: %w: use nats://, tls://, ws:// or wss://", withoutUser(s), lattice.ErrInvalid)
			}
			if u.Hostname() == "" {
				return nil, fmt.Errorf("address %q: %w: it has no host", withoutUser(s), lattice.ErrInvalid)
			}
			urls = append(urls, s)
		}
	}
	return urls, nil
}

// withoutUser returns an address without what stands before the host.
func withoutUser(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "nats", address
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return scheme + "://" + rest
}
