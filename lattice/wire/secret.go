package wire

import (
	"encoding/base64"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// A host asks on Subjects.Secrets for the value of a version of a secret: with a
// SecretRequest that it has signed, for the bucket and the key of its name below. The
// scheduler that leads answers with a Reply, whose result is a SecretAnswer that it has
// signed. Neither is a document in any bucket, and no bucket has such a name.
const (
	// SecretRequestKey and SecretAnswerKey are the keys for which requests and answers
	// are signed. The bucket is the subject.
	SecretRequestKey = "request"
	SecretAnswerKey  = "answer"
)

// SharedSecret is not stored by anybody: it is the secret of purpose seal.MCP that the
// hosts and gateways of a lattice share, as a text. Any host may ask for it, and nobody can
// put one of its name.
func SharedSecret() lattice.SecretRef { return lattice.SecretRef{Name: "wattle-mcp", Version: 1} }

// Bounds of what goes with secrets, in bytes.
const (
	// MaxSealed bounds the value of a secret as it is sealed.
	MaxSealed = MaxSecretValue + 4<<10
	// MaxSealKey bounds a key to seal with.
	MaxSealKey = 4 << 10
	// MaxSecretRequest bounds a request.
	MaxSecretRequest = 8 << 10
	// MaxSecretAnswer bounds an answer.
	MaxSecretAnswer = 128 << 10
)

// SecretContext is what the value of a secret is sealed as for the schedulers of a
// lattice.
func SecretContext(l lattice.Name, name lattice.SecretName) string {
	return fmt.Sprintf("secret %q of lattice %q", name, l)
}

// HostSecretContext is what the value of a version of a secret is sealed as for a host.
func HostSecretContext(l lattice.Name, h lattice.HostID, ref lattice.SecretRef) string {
	return fmt.Sprintf("version %d of %s for host %s", ref.Version, SecretContext(l, ref.Name), h)
}

// SealKeyBucket and SealKeyKey are the bucket, which there is not, and the key for which
// the document is signed that says what secrets are sealed with.
const (
	SealKeyBucket = "secrets"
	SealKeyKey    = "key"
)

// EncodeSealKey returns the document of what the secrets of a lattice are sealed with.
func EncodeSealKey(l lattice.Name, key []byte) ([]byte, error) {
	document := struct {
		Lattice lattice.Name `json:"lattice"`
		Key     []byte       `json:"key"`
	}{l, key}
	return encode("seal key", document, MaxSecretRequest, func(data []byte) error {
		_, err := DecodeSealKey(data, l)
		return err
	})
}

// DecodeSealKey reads what the secrets of a lattice are sealed with.
func DecodeSealKey(data []byte, l lattice.Name) (key []byte, err error) {
	err = read("seal key", data, MaxSecretRequest, func(r *reader) {
		r.record(refused, "lattice key", func(field string) bool {
			switch field {
			case "lattice":
				expected(r, lattice.ParseName, l)
			case "key":
				key = r.bytes(MaxSealKey)
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// SecretRequest asks for the value of a version of a secret.
type SecretRequest struct {
	Host   lattice.HostID    `json:"host"`
	Secret lattice.SecretRef `json:"secret"`
	// Key is what the answer is to be sealed with.
	Key []byte `json:"key"`
}

// EncodeSecretRequest returns the document of a request.
func EncodeSecretRequest(q *SecretRequest) ([]byte, error) {
	return encode("secret request", q, MaxSecretRequest, func(data []byte) error {
		_, err := DecodeSecretRequest(data, q.Host)
		return err
	})
}

// DecodeSecretRequest reads the request of a host.
func DecodeSecretRequest(data []byte, host lattice.HostID) (*SecretRequest, error) {
	q := new(SecretRequest)
	err := read("secret request", data, MaxSecretRequest, func(r *reader) {
		r.record(refused, "host secret key", func(field string) bool {
			switch field {
			case "host":
				q.Host = expected(r, lattice.ParseHostID, host)
			case "secret":
				q.Secret = r.secretRef(1)
			case "key":
				q.Key = r.bytes(MaxSealKey)
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

// SecretAnswer has the value of a version of a secret, sealed for the host that asked.
type SecretAnswer struct {
	Host   lattice.HostID    `json:"host"`
	Secret lattice.SecretRef `json:"secret"`
	Sealed []byte            `json:"sealed"`
}

// EncodeSecretAnswer returns the document of an answer.
func EncodeSecretAnswer(a *SecretAnswer) ([]byte, error) {
	return encode("secret", a, MaxSecretAnswer, func(data []byte) error {
		_, err := DecodeSecretAnswer(data, a.Host, a.Secret)
		return err
	})
}

// DecodeSecretAnswer reads the answer to the request of a host.
func DecodeSecretAnswer(data []byte, host lattice.HostID, ref lattice.SecretRef) (*SecretAnswer, error) {
	a := new(SecretAnswer)
	err := read("secret", data, MaxSecretAnswer, func(r *reader) {
		r.record(refused, "host secret sealed", func(field string) bool {
			switch field {
			case "host":
				a.Host = expected(r, lattice.ParseHostID, host)
			case "secret":
				if a.Secret = r.secretRef(1); r.err == nil && a.Secret != ref {
					r.fail("want version %d of %q, have version %d of %q", ref.Version, ref.Name, a.Secret.Version, a.Secret.Name)
				}
			case "sealed":
				a.Sealed = r.bytes(MaxSealed)
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// bytes reads bytes that are not empty, in base64 (RFC 4648 section 4), as package
// encoding/json writes them.
func (r *reader) bytes(limit int) []byte {
	encoding := base64.StdEncoding.Strict()
	text := r.string(encoding.EncodedLen(limit))
	if r.err != nil {
		return nil
	}
	b, err := encoding.DecodeString(text)
	if err != nil || len(b) == 0 || len(b) > limit {
		r.fail("want 1 to %d bytes in base64", limit)
		return nil
	}
	return b
}
