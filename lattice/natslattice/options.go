package natslattice

import (
	"log/slog"
	"net"
	"time"

	"github.com/wattle-dev/wattle/lattice/trust"
)

// Options says where NATS is and who connects.
type Options struct {
	// URLs are the addresses of one or more servers of one cluster, as
	// "nats://host:4222", "tls://host:4222", "wss://host" or "host:4222". Others of
	// the cluster are found by themselves. If empty, DefaultURL.
	URLs []string
	// InProcess is a server in this process. URLs are not looked at then.
	InProcess InProcess
	// Name is what the server shows this connection as. If empty, "wattle".
	Name string
	// Credentials, CredentialsFile, Key, User and Token are ways to say who
	// connects, of which at most one may be set. A file is read again at each
	// connection: its JWT may be renewed, its key not changed.
	Credentials     *trust.Creds
	CredentialsFile string
	// Key is for servers that know users by their public keys.
	Key      *trust.Key
	User     string
	Password Secret
	Token    Secret
	// Background has Connect return without a connection if no server can be
	// reached. It is made as soon as one can be; Lattice.Established tells. Until
	// then all is as if the connection were lost. It means nothing with InProcess.
	Background bool
	// TLS configures TLS. It is used if it is set, and without it if the server
	// demands it.
	TLS *TLS
	// Domain is the JetStream domain, if it is not the one of the server: on a leaf
	// node without JetStream of its own.
	Domain string
	// ReconnectBuffer is how many bytes of messages wait while the connection is
	// lost. If zero, DefaultReconnectBuffer.
	ReconnectBuffer int
	// PingInterval is how often the server is asked whether it is there; after two
	// questions without an answer the connection is lost. If zero,
	// DefaultPingInterval.
	PingInterval time.Duration
	// Logger hears of lost connections and missing permissions. If nil, nothing is
	// logged.
	Logger *slog.Logger
}

// Defaults of Options.
const (
	DefaultURL             = "nats://127.0.0.1:4222"
	DefaultReconnectBuffer = 8 << 20
	DefaultPingInterval    = 2 * time.Second
)

// TLS says how to know the server and what to show it.
type TLS struct {
	// CA is a file with the certificates of the authorities that may vouch for the
	// server, in PEM. If empty, those of the system.
	CA string
	// Cert and Key are files with the certificate to show and its key, in PEM. They
	// are read again at each connection.
	Cert, Key string
	// ServerName is the name that must be in the server's certificate. If empty,
	// the one in the URL.
	ServerName string
}

// InProcess is a NATS server in this process.
type InProcess interface {
	InProcessConn() (net.Conn, error)
}

// Secret is text that is not printed.
type Secret string

const redacted = "REDACTED"

// String implements fmt.Stringer without the secret.
func (s Secret) String() string { return redacted }

// GoString implements fmt.GoStringer without the secret.
func (s Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer without the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler without the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
