package raftlog

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Options configure a Node.
type Options struct {
	// Dir is the directory of the node. It is made if it does not exist.
	Dir     string
	Lattice lattice.Name
	// Logger is where the node tells of itself. If nil, nowhere.
	Logger *slog.Logger

	// Listener takes the connections of other nodes; the node closes it. If nil, the
	// node is the only one, and none of the fields up to Dial is used.
	Listener net.Listener
	// Advertise is the address by which other nodes reach this one. If empty, that of
	// Listener.
	Advertise string
	// Certificate is what the node shows to others, and VerifyPeer decides whose
	// connections are accepted. Both are needed.
	Certificate tls.Certificate
	VerifyPeer  func(*x509.Certificate) error
	// Peers are the addresses of all nodes that begin a cluster together, this one
	// among them: the same on all. If empty, it is a cluster of one. A node that has
	// begun does not look at it.
	Peers []string
	// Join has a node that has not begun wait until it is added to a cluster.
	Join bool
	// Dial makes connections to other nodes. If nil, those of package net.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Heartbeat is how long a node does without a word of its leader, about, before it
	// has another one elected; Lease how long a leader leads without a word of the
	// others. If zero, DefaultHeartbeat and half of Heartbeat.
	Heartbeat time.Duration
	Lease     time.Duration
	// SnapshotEntries is after how many entries a snapshot is made, and Trailing how
	// many the log keeps for nodes that were away. If zero, the defaults.
	SnapshotEntries uint64
	Trailing        uint64
	// SnapshotBytes is how many bytes the entries of the log may have before a snapshot is
	// made, however few they are; half as many stay. If zero, DefaultSnapshotBytes.
	SnapshotBytes int64
	// SnapshotInterval is how often it is looked whether there are so many. If zero,
	// DefaultSnapshotInterval.
	SnapshotInterval time.Duration
}

// The defaults of Options.
const (
	DefaultHeartbeat        = 500 * time.Millisecond
	DefaultSnapshotEntries  = 4096
	DefaultTrailing         = 2048
	DefaultSnapshotBytes    = 64 << 20
	DefaultSnapshotInterval = 30 * time.Second
)

// lone is the address of a node that has none.
const lone = "local"

// withDefaults returns o with what is not given.
func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Listener == nil {
		o.Advertise = lone
	} else if o.Advertise == "" {
		o.Advertise = o.Listener.Addr().String()
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	o.Heartbeat = cmp.Or(o.Heartbeat, DefaultHeartbeat)
	o.Lease = cmp.Or(o.Lease, o.Heartbeat/2)
	o.SnapshotEntries = cmp.Or(o.SnapshotEntries, DefaultSnapshotEntries)
	o.Trailing = cmp.Or(o.Trailing, DefaultTrailing)
	o.SnapshotBytes = cmp.Or(o.SnapshotBytes, DefaultSnapshotBytes)
	o.SnapshotInterval = cmp.Or(o.SnapshotInterval, DefaultSnapshotInterval)
	return o
}

// maxAddress bounds an address, in bytes.
const maxAddress = 512

func checkAddress(what, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" || port == "0" || len(address) > maxAddress {
		return fmt.Errorf("%s %.80q: %w: want host:port, as others reach it", what, address, lattice.ErrInvalid)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("%s %.80q: %w: others cannot reach that; name an address that they can", what, address, lattice.ErrInvalid)
	}
	return nil
}

// validate judges options that have their defaults.
func (o *Options) validate() error {
	var errs []error
	if o.Dir == "" {
		errs = append(errs, fmt.Errorf("directory: %w: it is empty", lattice.ErrInvalid))
	}
	if _, err := lattice.ParseName(string(o.Lattice)); err != nil {
		errs = append(errs, err)
	}
	if o.Listener == nil {
		if len(o.Peers) > 0 || o.Join {
			errs = append(errs, fmt.Errorf("peers: %w: they need an address on which to listen", lattice.ErrInvalid))
		}
		return errors.Join(errs...)
	}
	errs = append(errs, checkAddress("address", o.Advertise))
	if len(o.Certificate.Certificate) == 0 || o.VerifyPeer == nil {
		errs = append(errs, fmt.Errorf("other nodes: %w: a certificate, and what verifies theirs, are needed", lattice.ErrInvalid))
	}
	for i, p := range o.Peers {
		errs = append(errs, checkAddress("peer", p))
		if slices.Contains(o.Peers[:i], p) {
			errs = append(errs, fmt.Errorf("peer %q: %w: it is there twice", p, lattice.ErrInvalid))
		}
	}
	switch {
	case o.Join && len(o.Peers) > 0:
		errs = append(errs, fmt.Errorf("peers: %w: a node that joins a cluster has none of its own", lattice.ErrInvalid))
	case len(o.Peers) > 0 && !slices.Contains(o.Peers, o.Advertise):
		errs = append(errs, fmt.Errorf("peers: %w: %q, which is this node, is not among them", lattice.ErrInvalid, o.Advertise))
	case len(o.Peers) > maxMembers:
		errs = append(errs, fmt.Errorf("peers: %w: %d of them, the limit is %d", lattice.ErrInvalid, len(o.Peers), maxMembers))
	}
	return errors.Join(errs...)
}
