package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// wellKnownKey is used when no key was configured.
var wellKnownKey = []byte("wattle example, not a secret")

// sealer protects the state that a client carries from one request of a call
// to the next. The client can read it but not change it, nor use it for
// another tool.
type sealer struct {
	key []byte
}

// newSealer returns a sealer with the key, or the well-known one if it is
// empty.
func newSealer(key []byte) *sealer {
	if len(key) == 0 {
		key = wellKnownKey
	}
	return &sealer{key: key}
}

// seal makes a requestState for the tool.
func (s *sealer) seal(tool, state string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(state)) + "." +
		base64.RawURLEncoding.EncodeToString(s.sum(tool, state))
}

// open returns what was sealed, and false if the requestState is not one that
// seal made for the tool.
func (s *sealer) open(tool, sealed string) (string, bool) {
	encoded, sum, found := strings.Cut(sealed, ".")
	state, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !found || err != nil {
		return "", false
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(sum)
	if err != nil || !hmac.Equal(mac, s.sum(tool, string(state))) {
		return "", false
	}
	return string(state), true
}

func (s *sealer) sum(tool, state string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(tool))
	mac.Write([]byte{0})
	mac.Write([]byte(state))
	return mac.Sum(nil)
}
