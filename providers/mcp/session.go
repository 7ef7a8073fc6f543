package mcp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// Bounds of what a session's id carries.
const (
	maxCapabilities = 2 << 10
	maxClient       = 128 // of each text of the client's info
	maxPins         = 16
	maxSessionID    = 8 << 10
)

// session is what is known of a session from its id. It does not change.
type session struct {
	// Key names the session among all of them.
	Key     sessionKey `json:"k"`
	Version string     `json:"v"`
	// Capabilities are those of the client, Client what it says of itself.
	Capabilities json.RawMessage `json:"c"`
	Client       json.RawMessage `json:"i,omitempty"`
	// Made is when the session began, in seconds since 1970.
	Made int64 `json:"t"`
	// Pins say which host has the instance of the session of a server that keeps one.
	Pins map[lattice.ServerName]lattice.HostID `json:"p,omitempty"`
}

// sessionKey names a session. Nobody guesses one.
type sessionKey [16]byte

// MarshalText implements encoding.TextMarshaler.
func (k sessionKey) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, k[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *sessionKey) UnmarshalText(text []byte) error {
	n, err := base64.RawURLEncoding.Decode(k[:min(len(k), base64.RawURLEncoding.DecodedLen(len(text)))], text)
	if err == nil && n != len(k) {
		err = errors.New("no key of a session")
	}
	return err
}

func (k sessionKey) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

func newSessionKey() sessionKey {
	var k sessionKey
	_, _ = rand.Read(k[:]) // it never fails
	return k
}

// sealer makes ids of sessions, and opens them.
type sealer struct{ aead cipher.AEAD }

// newSealer derives a key for this one purpose. What is sealed with it has random nonces
// of 96 bits: 2^32 sessions can be made before one of them is likely to come twice with a
// probability that matters (NIST SP 800-38D, section 8.3).
func newSealer(key [32]byte) (*sealer, error) {
	derived, err := hkdf.Key(sha256.New, key[:], nil, "wattle mcp session 1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead}, err
}

// bound is what else an id is bound to: who may use it, and at which address.
func bound(subject string, name lattice.ServerName) []byte {
	return []byte(string(name) + "\x00" + subject)
}

// seal returns the id of a session.
func (s *sealer) seal(of *session, subject string, name lattice.ServerName) (string, error) {
	plain, err := json.Marshal(of)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, bound(subject, name))), nil
}

// errNoSession is the error of ids of no session.
var errNoSession = errors.New("there is no such session")

// open returns the session of an id, if it is one of this principal at this address.
func (s *sealer) open(id, subject string, name lattice.ServerName, now time.Time, lasts time.Duration) (*session, error) {
	if len(id) > maxSessionID {
		return nil, errNoSession
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil {
		return nil, errNoSession
	}
	plain, err := s.aead.Open(sealed[:0], nil, sealed, bound(subject, name))
	if err != nil {
		return nil, errNoSession
	}
	var of session
	if err := json.Unmarshal(plain, &of); err != nil || now.Sub(time.Unix(of.Made, 0)) > lasts {
		return nil, errNoSession
	}
	return &of, nil
}

// state is what a gateway keeps of a session besides its id, for as long as there is
// something to keep.
type state struct {
	mu      sync.Mutex
	ended   bool
	level   string
	updates map[string]bool             // URIs the client wants to hear of
	changed chan struct{}               // closed when updates change, nil if nobody waits
	running map[string]func()           // ends calls, by the text of their ids
	stream  func()                      // ends the stream for what belongs to no call
	pinned  map[lattice.ServerName]bool // servers that have made an instance
}

// state returns what is kept of a session.
func (g *Gateway) state(k sessionKey) *state {
	return g.sessions.change(k, func(s *state, ok bool) *state {
		if !ok {
			s = &state{}
		}
		return s
	})
}

// known returns what is kept of a session, nil if nothing is.
func (g *Gateway) known(k sessionKey) *state {
	s, _ := g.sessions.get(k)
	return s
}

// hasEnded reports whether a session was ended here.
func (g *Gateway) hasEnded(k sessionKey) bool {
	s := g.known(k)
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// end ends a session and everything that goes on in it.
func (s *state) end() {
	s.mu.Lock()
	s.ended = true
	stop := make([]func(), 0, len(s.running)+1)
	for _, f := range s.running {
		stop = append(stop, f)
	}
	if s.stream != nil {
		stop = append(stop, s.stream)
	}
	s.running, s.updates = nil, nil
	s.mu.Unlock()
	for _, f := range stop {
		f()
	}
}

// client returns what is kept of what a client says of itself, which may be anything.
func client(info []byte) json.RawMessage {
	const name, title, version = 0, 1, 2
	var at [3]jsonrpc.Span
	shape := jsonrpc.Shape{{Name: "name", Slot: name}, {Name: "title", Slot: title}, {Name: "version", Slot: version}}
	if !jsonrpc.IsObject(info) || jsonrpc.Scan(info, shape, at[:]) != nil {
		return nil
	}
	text := func(i int) string {
		s := []rune(jsonrpc.Unquote(at[i].Of(info)))
		return string(s[:min(len(s), maxClient)])
	}
	of := struct {
		Name    string `json:"name"`
		Title   string `json:"title,omitempty"`
		Version string `json:"version"`
	}{text(name), text(title), text(version)}
	b, _ := json.Marshal(of) // texts
	return b
}
