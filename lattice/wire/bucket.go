package wire

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Buckets are the names of a lattice's buckets, streams and object stores.
type Buckets struct{ Lattice lattice.Name }

func (b Buckets) of(kind string) string { return "wattle_" + string(b.Lattice) + "_" + kind }

// Desired has what each host ought to run, by its ID.
func (b Buckets) Desired() string { return b.of("desired") }

// Components has the assignment of each component, by its ID.
func (b Buckets) Components() string { return b.of("components") }

// Hosts has the report of each host, by its ID.
func (b Buckets) Hosts() string { return b.of("hosts") }

// Ready has which components a host takes calls for, by "HOST.COMPONENT".
func (b Buckets) Ready() string { return b.of("ready") }

// Catalogue has what MCP servers offer, as their hosts have found it out, by ReadyKey.
func (b Buckets) Catalogue() string { return b.of("catalogue") }

// Links has the links, by LinkKey.
func (b Buckets) Links() string { return b.of("links") }

// Config has the configurations, by their names.
func (b Buckets) Config() string { return b.of("config") }

// Scheduler has one key, SchedulerLeader: which scheduler leads, written anew as long
// as it does.
func (b Buckets) Scheduler() string { return b.of("scheduler") }

// SchedulerLeader is the key of Buckets.Scheduler.
const SchedulerLeader = "leader"

// KeyValue has the keys and values that components store, each after the name of its
// store.
func (b Buckets) KeyValue() string { return b.of("keyvalue") }

// Blobs has the blobs that components store, in parts.
func (b Buckets) Blobs() string { return b.of("blobs") }

// Artifacts is the object store of component binaries, by digest without
// "sha256:".
func (b Buckets) Artifacts() string { return b.of("artifacts") }

// Events is the stream of events.
func (b Buckets) Events() string { return b.of("events") }

// ReadyKey is the key of a Ready.
func ReadyKey(h lattice.HostID, c lattice.ComponentID) string { return string(h) + "." + string(c) }

// ParseReadyKey is the inverse of ReadyKey.
func ParseReadyKey(key string) (lattice.HostID, lattice.ComponentID, error) {
	host, component, _ := strings.Cut(key, ".")
	h, err := lattice.ParseHostID(host)
	if err != nil {
		return "", "", fmt.Errorf("key %.240q: %w", key, err)
	}
	c, err := lattice.ParseComponentID(component)
	if err != nil {
		return "", "", fmt.Errorf("key %.240q: %w", key, err)
	}
	return h, c, nil
}
