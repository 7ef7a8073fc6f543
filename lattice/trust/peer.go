package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
)

// peerScheme is the scheme of the URI in a peer's certificate that has its JWT.
const peerScheme = "wattle-jwt"

// Certificate returns the certificate by which a scheduler shows to another one who
// it is. Its key is that of the credentials, and the JWT is in it. The certificate
// itself has no end (RFC 5280, section 4.1.2.5); the JWT may have one.
func (c *Creds) Certificate() (tls.Certificate, error) {
	if c.Role != RoleScheduler {
		return tls.Certificate{}, fmt.Errorf("certificate of %s: %w: only schedulers are each other's peers", c, lattice.ErrDenied)
	}
	private, err := c.Key.private()
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), // it has to be positive
		Subject:      pkix.Name{CommonName: c.User()},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:         []*url.URL{{Scheme: peerScheme, Opaque: c.JWT}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}, nil
}

// private returns the private key in the form of the standard library.
func (k *Key) private() (ed25519.PrivateKey, error) {
	seed, err := k.pair.Seed() // the key's own, and not a copy
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	_, raw, err := nkeys.DecodeSeed(seed)
	if err != nil || len(raw) != ed25519.SeedSize {
		return nil, fmt.Errorf("key: %w: it has the wrong size", lattice.ErrInvalid)
	}
	return ed25519.NewKeyFromSeed(raw), nil
}

// PeerVerifier says which certificates are those of schedulers of a lattice. It
// believes the JWTs that a verifier of documents believes, from when they begin until
// they end.
type PeerVerifier struct{ v *verifier }

// NewPeerVerifier returns a verifier of peers. The issuers are those of NewVerifier.
func NewPeerVerifier(l lattice.Name, issuers ...string) (*PeerVerifier, error) {
	v, err := newVerifier(l, issuers)
	if err != nil {
		return nil, err
	}
	return &PeerVerifier{v}, nil
}

// Verify returns an error unless a certificate has the JWT of a scheduler of the
// lattice, and the key that the JWT is about. Who has shown the certificate has proved
// with the handshake of TLS that the key is its own, and not merely that it has seen
// the JWT. Nothing else of the certificate counts: anybody could have put it there.
func (p *PeerVerifier) Verify(cert *x509.Certificate) error {
	if cert == nil {
		return fmt.Errorf("peer: %w: it shows no certificate", lattice.ErrDenied)
	}
	key, ok := cert.PublicKey.(ed25519.PublicKey)
	if !ok {
		return fmt.Errorf("peer: %w: its key is of the kind %s and not Ed25519", lattice.ErrDenied, cert.PublicKeyAlgorithm)
	}
	if len(cert.URIs) != 1 || cert.URIs[0].Scheme != peerScheme {
		return fmt.Errorf("peer: %w: its certificate has no JWT of a scheduler", lattice.ErrDenied)
	}
	s, err := p.v.scheduler(cert.URIs[0].Opaque)
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	if err := s.valid(time.Now()); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	if !s.key.Equal(key) {
		return fmt.Errorf("peer: %w: its key is not that of its JWT", lattice.ErrDenied)
	}
	return nil
}
