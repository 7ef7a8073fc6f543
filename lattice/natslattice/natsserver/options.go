package natsserver

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Options configures a Server.
type Options struct {
	// Name tells the servers of a cluster apart, and must stay the same. If empty,
	// a random one.
	Name string
	// StoreDir is where JetStream keeps what it has. It is made if it is missing.
	StoreDir string
	// Host is the address to listen on. If empty, 127.0.0.1.
	Host string
	// Port is the TCP port for clients: zero is any that is free, and a negative one
	// none, so that only this process can connect.
	Port int
	// Operator is the JWT of the operator whose accounts exist; Accounts are theirs,
	// by their public keys; SystemAccount is the public key of the one that the
	// servers use.
	Operator      string
	Accounts      map[string]string
	SystemAccount string
	// Token lets in who has it, to the one account that there is then. Either it or
	// Operator must be set.
	Token string
	// TLS is for clients. If nil, they connect without.
	TLS *TLS
	// MaxStore bounds what JetStream keeps on disk. If zero, three quarters of what
	// is free or used by it already, but not less than MinStore.
	MaxStore int64
	// MaxMemory bounds what JetStream keeps in memory. If zero, DefaultMaxMemory.
	MaxMemory int64
	// MaxPayload bounds a message. If zero, DefaultMaxPayload.
	MaxPayload int
	// Domain is the name of the JetStream domain. It needs none without leaf nodes.
	Domain string
	// SyncAlways has each message be on the disk before it is acknowledged.
	SyncAlways bool
	// SyncInterval is how often what was written is put through to the disk. If
	// zero, DefaultSyncInterval.
	SyncInterval time.Duration
	// PingInterval is how often a client is asked whether it is there. If zero,
	// DefaultPingInterval.
	PingInterval time.Duration
	// Cluster has this server be one of several. If nil, it is alone.
	Cluster *Cluster
	// Logger hears what the server has to say: errors and warnings as such, the rest
	// as Debug. If nil, nothing is logged.
	Logger *slog.Logger
}

// Defaults and bounds of Options.
const (
	DefaultMaxPayload   = 1 << 20
	DefaultMaxMemory    = 2 << 30
	DefaultSyncInterval = 2 * time.Second
	DefaultPingInterval = 10 * time.Second
	// MinStore is what MaxStore is at least, if it is not set. Buckets reserve as
	// much as they may hold, most of which they never use: on a small disk a lower
	// bound would refuse them all.
	MinStore = 32 << 30
	// maxPayload is what nats-server takes at most without being warned about it.
	maxPayload = 8 << 20
)

// TLS is how a server shows itself to clients.
type TLS struct {
	// Cert and Key are files with the certificate and its key, in PEM.
	Cert, Key string
	// ClientCA is a file with the certificates of the authorities that must vouch
	// for clients. If empty, clients need no certificate.
	ClientCA string
}

// Cluster is how servers find each other.
type Cluster struct {
	Name string
	// Host and Port are where other servers connect. A Port of zero is any that is
	// free. If Host is empty, 127.0.0.1.
	Host string
	Port int
	// Routes are the URLs of the servers of the cluster, as "nats://host:6222". This
	// one's may be among them.
	Routes []string
	// TLS is for the connections between servers, both of which show Cert. If nil,
	// they connect without.
	TLS *TLS
}

// validate checks what was given.
func (o *Options) validate() error {
	switch {
	case o.StoreDir == "":
		return fmt.Errorf("%w: it has no directory to keep things in", lattice.ErrInvalid)
	case o.Operator == "" && o.Token == "":
		return fmt.Errorf("%w: give an operator and accounts, or a token: nobody gets in without", lattice.ErrInvalid)
	case o.Operator != "" && o.Token != "":
		return fmt.Errorf("%w: give an operator or a token, not both", lattice.ErrInvalid)
	case o.Operator != "" && o.Accounts[o.SystemAccount] == "":
		return fmt.Errorf("%w: the system account %q is not among the accounts", lattice.ErrInvalid, o.SystemAccount)
	case o.MaxStore < 0 || o.MaxMemory < 0 || o.MaxPayload < 0 || o.MaxPayload > maxPayload || o.SyncInterval < 0 || o.PingInterval < 0:
		return fmt.Errorf("%w: a bound is negative, or MaxPayload over %d", lattice.ErrInvalid, maxPayload)
	case o.Port > 65535:
		return fmt.Errorf("%w: port %d", lattice.ErrInvalid, o.Port)
	case o.Cluster != nil && (o.Cluster.Name == "" || o.Name == "" || len(o.Cluster.Routes) == 0):
		return fmt.Errorf("%w: a server of a cluster needs its own name, the cluster's, and routes to the others", lattice.ErrInvalid)
	}
	return nil
}
