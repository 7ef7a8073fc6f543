package capability

import "slices"

// Key is what may stand in the configuration of a link.
type Key struct {
	// Name is the key. What is in capitals stands for something.
	Name string `json:"name"`
	// Means says what it is for, in one line.
	Means string `json:"means"`
}

// storeTimeout is the same for all stores.
var storeTimeout = Key{"timeout", "of an operation, as in 5s"}

// keys are those of the kinds, with those of wasmCloud's that mean the same left out. The
// types that the Parse functions return say all of it.
var keys = map[string][]Key{
	kindBlobstoreNATS: {
		{"bucket", "the name of the store: components that name the same share it; the component's own if not said"},
		{"max-object", "bytes of an object, as in 64MiB"},
		{"max-bytes", "bytes of the store"},
		{"max-keys", "of the store; an object has one, and one for each 128KiB"},
		storeTimeout,
	},
	kindBlobstoreS3: {
		{"endpoint", "https://HOST:PORT, or http:// without TLS"},
		{"region", "us-east-1 if not said"},
		{"bucket", "where the objects are"},
		{"prefix", "what begins their keys; one of the component's own if not said"},
		{"access-key", "may be a secret"},
		{"secret-key", "may be a secret"},
		{"session-token", "may be a secret"},
		{"path-style", "true if the bucket is in the path of URLs"},
		{"tls-ca", "certificates that the service's is verified by, in PEM"},
		{"max-object", "bytes of an object, as in 64MiB"},
		storeTimeout,
		{"connections", "of a host"},
	},
	kindFilesystem: {
		{"/PATH", "a directory: memory, inline, volume:NAME[/PATH], oci:IMAGE@sha256:DIGEST or objects:BUCKET/CONTAINER[/PREFIX]; then ro or rw, size=16MiB, files=1000, depth=16"},
		{"file:/PATH", "a text file in an inline directory; may hold secrets"},
		{"file64:/PATH", "a file in an inline directory, in base64"},
	},
	kindHTTPClient: {
		{"allow", "what may be requested, a rule a line, as in GET https://api.example.com/v1/"},
		{"header.NAME", "the value of a field that requests are given, unseen by the component; may hold secrets"},
		{"header.NAME@RULE", "the same for the requests that a rule allows"},
		{"timeout", "of a request with its response, as in 30s"},
		{"connect-timeout", "to connect"},
		{"max-requests", "under way at once"},
		{"max-request-body", "bytes of one, as in 16MiB"},
		{"max-response-body", "bytes of one"},
		{"max-response-header", "bytes of one"},
	},
	kindKeyValueNATS: {
		{"bucket", "the name of the store: components that name the same share it; the component's own if not said"},
		{"max-value", "bytes of a value, up to 512KiB"},
		{"max-bytes", "bytes of the store, as in 64MiB"},
		{"max-keys", "of the store"},
		storeTimeout,
	},
	kindKeyValueRedis: {
		{"url", "redis://HOST:PORT/DATABASE, rediss:// with TLS, or unix:///PATH; may hold secrets"},
		{"username", "may be a secret"},
		{"password", "may be a secret"},
		{"tls-ca", "certificates that the server's is verified by, in PEM"},
		{"prefix", "what begins all keys; one of the component's own if not said"},
		{"max-value", "bytes of a value, up to 8MiB"},
		storeTimeout,
		{"connections", "of a host"},
	},
	kindMessaging: {
		{"publish", "on which subjects the component may send: patterns, separated by commas"},
		{"subscriptions", "of a link to a component: the subjects that it is given, SUBJECT or SUBJECT|QUEUE"},
		{"timeout", "how long a request waits, as in 5s"},
	},
	kindPostgres: {
		{"url", "postgres://USER:PASSWORD@HOST:PORT/DATABASE; may hold secrets. Or each by itself:"},
		{"host", "may be a secret"},
		{"port", "may be a secret"},
		{"user", "may be a secret"},
		{"password", "may be a secret"},
		{"database", "may be a secret"},
		{"tls", "verify, require (encryption alone) or off"},
		{"tls-ca", "certificates that the server's is verified by, in PEM"},
		{"pool", "connections of a host"},
		{"timeout", "of a call, as in 30s"},
		{"max-rows", "of a result"},
		{"max-bytes", "of a result"},
	},
}

// Keys returns what may stand in the configuration of links to it.
func (k *Kind) Keys() []Key { return slices.Clone(keys[k.Name]) }
