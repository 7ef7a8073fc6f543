package wire

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Signed is a document with the signature of whom it belongs to:
//
//	{"value":…,"signer":"…","signature":"…"}
//
// It says nothing of whether the signature is good, or whether it is that of whom
// it ought to be.
type Signed struct {
	// Value is the document as it was signed, byte for byte.
	Value []byte
	// Signer is a HostID, or the scheduler's JWT.
	Signer string
	// Signature is that of the Payload, in Ed25519.
	Signature []byte
}

// sizeSignature is that of RFC 8032.
const sizeSignature = 64

// payloadPrefix tells signed documents from everything else that is signed with
// the same keys.
const payloadPrefix = "wattle-document-v1\n"

// Payload returns the bytes of which the signature is made: a prefix, the bucket,
// the key and the value, each but the last ended by a line feed. A document is
// worth nothing under any other key.
func Payload(bucket, key string, value []byte) ([]byte, error) {
	if strings.Contains(bucket, "\n") || strings.Contains(key, "\n") {
		return nil, fmt.Errorf("key %.80q of bucket %.80q: %w: a line feed is in it", key, bucket, lattice.ErrInvalid)
	}
	payload := make([]byte, 0, len(payloadPrefix)+len(bucket)+len(key)+2+len(value))
	payload = append(payload, payloadPrefix...)
	payload = append(append(payload, bucket...), '\n')
	payload = append(append(payload, key...), '\n')
	return append(payload, value...), nil
}

var signatureEncoding = base64.RawURLEncoding.Strict()

// Encode returns the signed document.
func (s *Signed) Encode() ([]byte, error) {
	var out []byte
	out = append(append(out, `{"value":`...), s.Value...)
	out = append(append(out, `,"signer":"`...), s.Signer...)
	out = signatureEncoding.AppendEncode(append(out, `","signature":"`...), s.Signature)
	out = append(out, `"}`...)
	// Reading it finds out whether a part was not what it should have been. A value
	// with blanks around it would be signed with them and read without.
	back, err := ParseSigned(out)
	if err != nil {
		return nil, fmt.Errorf("encode %w", err)
	}
	if string(back.Value) != string(s.Value) || back.Signer != s.Signer {
		return nil, fmt.Errorf("encode signed document: %w: the value is not one JSON value without blanks around it", lattice.ErrInvalid)
	}
	return out, nil
}

// ParseSigned takes a signed document apart.
func ParseSigned(data []byte) (*Signed, error) {
	s := new(Signed)
	err := read("signed document", data, MaxSigned, func(r *reader) {
		r.record(refused, "value signer signature", func(field string) bool {
			switch field {
			case "value":
				s.Value = r.raw()
			case "signer":
				s.Signer = r.signer()
			case "signature":
				s.Signature = r.signature()
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// signer reads who signed: an nkey or a JWT.
func (r *reader) signer() string {
	s := r.required(MaxSigner)
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && strings.IndexByte("-_.", c) < 0 {
			r.fail("want a public key or a JWT, have %.80q", s)
			return ""
		}
	}
	return s
}

// signature reads a signature in base64url without padding (RFC 4648 section 5).
func (r *reader) signature() []byte {
	text := r.string(signatureEncoding.EncodedLen(sizeSignature))
	if r.err != nil {
		return nil
	}
	signature, err := signatureEncoding.DecodeString(text)
	if err != nil || len(signature) != sizeSignature {
		r.fail("want %d bytes in base64url without padding", sizeSignature)
		return nil
	}
	return signature
}
