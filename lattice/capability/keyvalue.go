package capability

import (
	"net/url"
	"slices"
	"strings"
)

// The interfaces of key-value stores.
var keyvalueServes = []string{"wasi:keyvalue/atomics", "wasi:keyvalue/batch", "wasi:keyvalue/store"}

const (
	kindKeyValueNATS  = "keyvalue-nats"
	kindKeyValueRedis = "keyvalue-redis"
)

// The bounds of stores. Those of values in the lattice are the bucket's.
const (
	maxStoreName    = 64
	maxStorePrefix  = 200
	leastTimeout    = 10
	mostTimeout     = 10 * 60_000
	keyValueTimeout = 5_000
	natsValue       = 512 << 10
	redisValue      = 8 << 20
)

// KeyValueNATS is what a link to a key-value store of the lattice grants. Its keys are
//
//	bucket     the name of the store within the lattice: components whose links name the
//	           same share it; one of the component's own if not said
//	max-value  of a value, 1B to 512KiB; 512KiB if not said
//	max-bytes  of the store, 1KiB to 1GiB; 64MiB if not said
//	max-keys   of the store, 1 to 1000000; 100000 if not said
//	timeout    of an operation, 10ms to 10m; 5s if not said
type KeyValueNATS struct {
	// Bucket is empty for the component's own.
	Bucket        string
	MaxBytes      int64
	MaxKeys       int64
	MaxValue      int64
	TimeoutMillis int64
}

// KeyValueRedis is what a link to Redis, or what speaks its protocol, grants. Its keys
// are
//
//	url               redis://HOST:PORT/DATABASE, rediss:// with TLS, or unix:///PATH; it
//	                  may hold secrets, or be one
//	username password which may be secrets, in place of those of the URL
//	tls-ca            certificates that the server's is verified by, in PEM, instead of
//	                  those of the system
//	prefix            what begins all keys: components with the same share them; one of
//	                  the component's own if not said
//	max-value         of a value, 1B to 8MiB; 512KiB if not said
//	timeout           of an operation, 10ms to 10m; 5s if not said
//	connections       of a host, 1 to 256; 8 if not said
//
// A secret of the link that is called url is the URL, as wasmCloud has it.
type KeyValueRedis struct {
	URL, Username, Password Text
	CA                      string
	// Own says that the prefix is the component's own.
	Own           bool
	Prefix        string
	MaxValue      int64
	TimeoutMillis int64
	Connections   int
}

var keyvalueNATS = &Kind{
	Name:    kindKeyValueNATS,
	Summary: "keeps values by keys in the lattice",
	Images:  []string{"keyvalue-nats"},
	Serves:  keyvalueServes,
	Example: []string{"bucket: sessions"},
	check: func(c *Config) error {
		_, err := ParseKeyValueNATS(c)
		return err
	},
}

var keyvalueRedis = &Kind{
	Name:    kindKeyValueRedis,
	Summary: "keeps values by keys in Redis or Valkey",
	Images:  []string{"keyvalue-redis"},
	Serves:  keyvalueServes,
	Example: []string{"url: rediss://app:${secret:password}@redis.example.com"},
	check: func(c *Config) error {
		_, err := ParseKeyValueRedis(c)
		return err
	},
}

// ParseKeyValueNATS reads the configuration of a store of the lattice.
func ParseKeyValueNATS(c *Config) (*KeyValueNATS, error) {
	v := read(kindKeyValueNATS, c)
	k := &KeyValueNATS{
		Bucket:        v.storeName("bucket"),
		MaxValue:      v.size(natsValue, 1, natsValue, "max-value"),
		MaxBytes:      v.size(64<<20, 1<<10, 1<<30, "max-bytes"),
		MaxKeys:       v.int(100_000, 1, 1_000_000, "max-keys"),
		TimeoutMillis: v.millis(keyValueTimeout, leastTimeout, mostTimeout, "timeout"),
	}
	return k, v.err()
}

// storeName returns the name of a store that components may share, empty if there is
// none.
func (v *values) storeName(keys ...string) string {
	key, name, ok := v.raw(keys...)
	if !ok {
		return ""
	}
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	if name == "" || len(name) > maxStoreName || !inSet(name, plain) {
		v.fault(key, "%.80q, want 1 to %d letters, digits, dots, - and _", name, maxStoreName)
	}
	return name
}

func inSet(s, set string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(set, r) }) < 0
}

// storePrefix returns what begins the names of a store, and whether it is the
// component's own.
func (v *values) storePrefix() (prefix string, own bool) {
	key, prefix, ok := v.raw("prefix")
	v.plain(key, prefix)
	if len(prefix) > maxStorePrefix {
		v.fault(key, "it has %d bytes, %d are allowed", len(prefix), maxStorePrefix)
	}
	return prefix, !ok
}

// secret returns the text of the first of some keys that is there, or else the secret of
// a name, as wasmCloud has it.
func (v *values) secret(name string, keys ...string) Text {
	key, s, ok := v.raw(keys...)
	if !ok && slices.Contains(v.config.Secrets, name) {
		return Text{parts: []part{{secret: name}}}
	}
	return v.templateOf(key, s)
}

// ParseKeyValueRedis reads the configuration of a store in Redis.
func ParseKeyValueRedis(c *Config) (*KeyValueRedis, error) {
	v := read(kindKeyValueRedis, c)
	k := &KeyValueRedis{
		URL: v.secret("url", "url", "URL"), Username: v.template("username"), Password: v.template("password"),
		CA:            v.text("tls-ca"),
		MaxValue:      v.size(natsValue, 1, redisValue, "max-value"),
		TimeoutMillis: v.millis(keyValueTimeout, leastTimeout, mostTimeout, "timeout"),
		Connections:   int(v.int(8, 1, 256, "connections")),
	}
	k.Prefix, k.Own = v.storePrefix()
	if k.URL.Empty() {
		v.fault("url", "say where the server is, as in rediss://redis.example.com")
	} else if text := k.URL.Literal(); text != "*" {
		checkRedisURL(v, text, k.CA != "")
	}
	return k, v.err()
}

func checkRedisURL(v *values, text string, ca bool) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		v.fault("url", "it is no URL") // the error shows it, and it may have a password
	case u.Scheme == "unix" && u.Path != "" || (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != "":
	default:
		v.fault("url", "want redis://HOST:PORT/DATABASE, rediss:// or unix:///PATH")
	}
	if err == nil && ca && u.Scheme != "rediss" {
		v.fault("tls-ca", "there is no TLS: the url is not rediss://")
	}
}
