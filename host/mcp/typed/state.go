package typed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
)

// stateTTL is how long a client may take to answer what a component asks it.
const stateTTL = 10 * time.Minute

// maxState bounds the state that a component asks to get back, in bytes.
const maxState = 64 << 10

// sealer makes the state that a component wants back a text that clients cannot read
// or change: AES-256-GCM, with a random nonce. What the state belongs to is
// authenticated with it (see scope), so that it opens nowhere else.
type sealer struct {
	aead cipher.AEAD
	now  func() time.Time
}

// newSealer returns the sealer of a component with a secret, or with one of its own if that is
// empty: no other host opens its states then.
func newSealer(secret []byte, id lattice.ComponentID, now func() time.Time) (*sealer, error) {
	if len(secret) == 0 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // it never fails
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "wattle mcp request state of "+string(id), 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead, now}, err
}

// scope is what a state belongs to: who calls, and what.
type scope struct {
	inv       *lattice.Invocation
	method    string
	name      string // of the tool or prompt, or the URI
	arguments json.RawMessage
}

// digest returns a hash over the parts of a scope.
func (s *scope) digest() []byte {
	h := &digest{sha256.New()}
	h.number(len(s.inv.Callers))
	for _, c := range s.inv.Callers {
		h.part([]byte(c))
	}
	h.part([]byte(s.method))
	h.part([]byte(s.name))
	h.json(s.arguments, 0)
	return h.Sum(nil)
}

// digest is a hash over parts that cannot be mistaken for others.
type digest struct{ hash.Hash }

func (h *digest) number(n int) {
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // it is a length
}

func (h *digest) part(b []byte) {
	h.number(len(b))
	_, _ = h.Write(b)
}

// Bounds of JSON whose members may come in another order.
const (
	maxOrdered  = 32 // levels
	maxElements = 1 << 16
)

// json adds a JSON text, with the members of objects in the order of their names: a client may write
// the same arguments in another one the second time. What is very deep or long is
// taken as it stands.
func (h *digest) json(text json.RawMessage, depth int) {
	if depth < maxOrdered && rawjson.IsObject(text) {
		if members, err := rawjson.Members(text); err == nil {
			slices.SortFunc(members, func(a, b rawjson.Member) int { return strings.Compare(a.Name, b.Name) })
			h.part([]byte("object"))
			h.number(len(members))
			for _, m := range members {
				h.part([]byte(m.Name))
				h.json(m.Value, depth+1)
			}
			return
		}
	}
	if depth < maxOrdered && len(text) > 0 && text[0] == '[' && bytes.IndexByte(text, '{') >= 0 {
		if elements, err := rawjson.Elements(text, maxElements); err == nil {
			h.part([]byte("array"))
			h.number(len(elements))
			for _, e := range elements {
				h.json(e, depth+1)
			}
			return
		}
	}
	h.part([]byte("text"))
	h.part(text)
}

// seal returns the text of a state.
func (s *sealer) seal(state string, of *scope) (string, error) {
	if len(state) > maxState {
		return "", fmt.Errorf("the state has %d bytes, limit %d", len(state), maxState)
	}
	text := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(state)), uint64(s.now().Add(stateTTL).Unix())) //nolint:gosec // it is after 1970
	text = append(text, state...)
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, text, of.digest())), nil
}

// open returns the state that was sealed in a scope. The error is for the client.
func (s *sealer) open(text string, of *scope) (string, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil {
		sealed, err = s.aead.Open(nil, nil, sealed, of.digest())
	}
	if err != nil || len(sealed) < 8 {
		return "", &mcp.Error{Code: mcp.CodeBadParams, Message: "requestState was not given by this server for this request; make the request anew, without it"}
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(sealed)), 0) //nolint:gosec // it was sealed here
	if s.now().After(until) {
		return "", &mcp.Error{Code: mcp.CodeBadParams, Message: "requestState has expired; make the request anew, without it"}
	}
	return string(sealed[8:]), nil
}
