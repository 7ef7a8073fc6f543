package raftlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const (
	// maxInFlight bounds the proposals under way.
	maxInFlight = 256
	// maxAppend is how many entries go to another node at once, or into one transaction.
	maxAppend = 64
	// closeTime bounds how long Close waits for raft.
	closeTime = 10 * time.Second
	// networkTime is how long another node may take for an answer.
	networkTime = 10 * time.Second
)

// Node is one of the nodes that keep the log.
type Node struct {
	opts    Options
	id      string
	log     *slog.Logger
	lock    *os.File
	store   *store
	snaps   *snapshots
	stream  *stream
	trans   raft.Transport
	raft    atomic.Pointer[raft.Raft]
	watches watches

	inFlight chan struct{}
	done     chan struct{}
	wg       sync.WaitGroup

	mu     sync.Mutex
	err    error
	closed bool
	// barred is the term in which all that was committed before it is in the state.
	barred uint64
	name   logName
}

// errClosed is why a node that was closed is done.
var errClosed = &lattice.Error{Code: lattice.CodeUnavailable, Message: "the scheduler's log is closed"}

// Open opens the node of a directory, and begins one in a directory that is empty. It
// runs until Close, or until it cannot go on.
func Open(ctx context.Context, o Options) (*Node, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("scheduler's log: %w", err)
	}
	n := &Node{
		opts:     o,
		log:      o.Logger,
		inFlight: make(chan struct{}, maxInFlight),
		done:     make(chan struct{}),
		watches:  watches{state: state.New(o.Lattice), members: map[*Watch]bool{}},
	}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("scheduler's log: %w", err), n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	var err error
	if n.lock, err = lockDir(n.opts.Dir); err != nil {
		return err
	}
	begun, err := n.files()
	if err != nil {
		return err
	}
	n.store.fail = n.fail
	first, last, _ := n.store.numbers()
	use, passed, err := n.snaps.check(first, last)
	if err != nil {
		return err
	}
	for _, err := range passed {
		n.log.WarnContext(ctx, "snapshot passed over for an older one, the log has what that lacks", "error", err)
	}
	if use != nil && last != 0 && last < use.Index {
		// The node was given a state by another one, and ended before its log was.
		if err := n.store.DeleteRange(first, last); err != nil {
			return err
		}
	}
	n.network()
	return n.start(ctx, begun)
}

// lockDir takes a directory for this process. It is made if it does not exist.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = fmt.Errorf("directory %q: %w: another scheduler that runs has it", dir, lattice.ErrExists)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// files opens the log and the snapshots, and makes them in a directory that has none.
// It returns whether the node has begun before.
func (n *Node) files() (begun bool, err error) {
	dir := n.opts.Dir
	logPath, snapsPath := filepath.Join(dir, logFile), filepath.Join(dir, snapshotsDir)
	n.snaps = &snapshots{dir: snapsPath}
	who, err := readIdentity(dir)
	if err != nil {
		return false, err
	}
	switch {
	case who == nil:
		for _, path := range []string{logPath, snapsPath} {
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
				return false, errors.Join(damaged(filepath.Join(dir, identityFile), "it is gone, and %q is there", path), err)
			}
		}
		who = &identity{Lattice: n.opts.Lattice, ID: n.opts.Advertise, Phase: phaseNew}
		if err := writeIdentity(dir, *who); err != nil {
			return false, err
		}
	case who.Lattice != n.opts.Lattice:
		return false, fmt.Errorf("directory %q: %w: it is of lattice %q, not %q", dir, lattice.ErrInvalid, who.Lattice, n.opts.Lattice)
	}
	n.id, n.name = who.ID, who.Log
	switch who.Phase {
	case phaseRestoring:
		return false, fmt.Errorf("directory %q: %w: a snapshot was not restored to the end; restore it again with `wattle scheduler restore FILE --yes`", dir, lattice.ErrConflict)
	case phaseBegun:
		n.store, err = openStore(logPath, false)
		return true, err
	}
	// What an earlier beginning has left was never used.
	if err := errors.Join(os.RemoveAll(logPath), os.RemoveAll(snapsPath), os.Mkdir(snapsPath, 0o700)); err != nil {
		return false, err
	}
	n.store, err = openStore(logPath, true)
	return false, err
}

// network makes what other nodes are reached by.
func (n *Node) network() {
	if n.opts.Listener == nil {
		_, n.trans = raft.NewInmemTransport(raft.ServerAddress(n.opts.Advertise))
		return
	}
	n.stream = newStream(&n.opts, n.logName, n.answer)
	n.wg.Go(n.stream.serve)
	n.trans = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: n.stream, MaxPool: 3, Timeout: networkTime, Logger: n.logger(), MsgpackUseNewTimeFormat: true,
	})
}

// logger takes what raft says. A node that is for itself has itself elected at each start,
// which is nothing to be warned of.
func (n *Node) logger() *logger {
	return &logger{log: n.log, lone: n.opts.Listener == nil, said: new(said)}
}

func (n *Node) config() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.id)
	c.Logger = n.logger()
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = n.opts.Heartbeat, n.opts.Heartbeat, n.opts.Lease
	c.CommitTimeout = min(c.CommitTimeout, n.opts.Heartbeat/10)
	c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = n.opts.SnapshotEntries, n.opts.Trailing, n.opts.SnapshotInterval
	c.MaxAppendEntries, c.BatchApplyCh = maxAppend, true
	c.NoLegacyTelemetry = true
	return c
}

// start has raft run.
func (n *Node) start(ctx context.Context, begun bool) error {
	var first *raft.Configuration
	if !begun {
		var err error
		if first, err = n.beginning(ctx); err != nil {
			return err
		}
	}
	// The stores end the goroutine of who must not go on.
	err := error(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var r *raft.Raft
		if first != nil {
			if err = raft.BootstrapCluster(n.config(), n.store, n.store, n.snaps, n.trans, *first); err != nil {
				return
			}
		}
		if !begun {
			// Before raft: what it promises to others must not be forgotten.
			if err = writeIdentity(n.opts.Dir, identity{Lattice: n.opts.Lattice, ID: n.id, Phase: phaseBegun}); err != nil {
				return
			}
		}
		// From here on the disk may be full for a while.
		n.store.done = n.done
		if r, err = raft.NewRaft(n.config(), &machine{n}, n.store, n.store, n.snaps, n.trans); err == nil {
			n.raft.Store(r)
		}
	}()
	<-ended
	r := n.raft.Load()
	switch {
	case err != nil:
		return err
	case n.Err() != nil:
		return n.Err()
	case r == nil:
		return errors.New("raft did not start")
	}
	if members := len(r.GetConfiguration().Configuration().Servers); members > 1 && n.stream == nil {
		return fmt.Errorf("this is one of %d schedulers: %w: give it the address at which the others reach it", members, lattice.ErrInvalid)
	}
	seen := make(chan raft.Observation, 64)
	r.RegisterObserver(raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.RaftState, raft.LeaderObservation:
			return true
		}
		return false
	}))
	n.wg.Go(func() { n.follow(r, seen) })
	n.wg.Go(func() { n.shrink(r) })
	return nil
}

// beginning returns the members with which a node that has not begun begins, nil if it
// waits for a leader.
func (n *Node) beginning(ctx context.Context) (*raft.Configuration, error) {
	if n.opts.Join {
		return nil, nil //nolint:nilnil // as said
	}
	c := new(raft.Configuration)
	if len(n.opts.Peers) == 0 {
		c.Servers = []raft.Server{{ID: raft.ServerID(n.id), Address: raft.ServerAddress(n.opts.Advertise)}}
		return c, nil
	}
	for _, p := range n.opts.Peers {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(p), Address: raft.ServerAddress(p)})
	}
	waits, err := n.othersHaveBegun(ctx)
	if err != nil || waits {
		return nil, err
	}
	return c, nil
}

// follow tells of who leads.
func (n *Node) follow(r *raft.Raft, seen <-chan raft.Observation) {
	moved := uint64(0)
	for {
		l := leaderOf(r)
		n.watches.lead(l)
		if l.Self && l.Term != moved {
			moved = l.Term
			n.wg.Go(func() { n.move(r) })
		}
		if r.State() == raft.Shutdown {
			n.fail(&lattice.Error{Code: lattice.CodeUnavailable, Message: "this scheduler was removed from its cluster"})
			return
		}
		select {
		case <-seen:
		case <-n.done:
			n.watches.lead(Leader{})
			return
		}
	}
}

// move tells the others of a new address of this node, when it leads.
func (n *Node) move(r *raft.Raft) {
	for _, s := range r.GetConfiguration().Configuration().Servers {
		if string(s.ID) == n.id && string(s.Address) != n.opts.Advertise {
			if err := r.AddVoter(s.ID, raft.ServerAddress(n.opts.Advertise), 0, lattice.DefaultTimeout).Error(); err != nil {
				n.log.Warn("new address of this scheduler not told", "error", err)
			}
		}
	}
}

// ID is what the node is called among others.
func (n *Node) ID() string { return n.id }

// Address is where others reach the node, empty if it is for itself.
func (n *Node) Address() string {
	if n.stream == nil {
		return ""
	}
	return n.opts.Advertise
}

// State returns the newest state that the node has. That of another one may be newer.
func (n *Node) State() *state.State { return n.watches.current() }

// Done is closed when the node has ended.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err returns why the node has ended, nil while it runs.
func (n *Node) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// fail ends the node, for the first reason that it is given.
func (n *Node) fail(err error) {
	n.mu.Lock()
	first := n.err == nil
	if first {
		n.err = err
		close(n.done)
	}
	n.mu.Unlock()
	if !first {
		return
	}
	if err != errClosed { //nolint:errorlint // the very one
		n.log.Error("scheduler's log stopped", "error", err)
	}
	if r := n.raft.Load(); r != nil {
		r.Shutdown()
	}
}

// Close ends the node. If it leads, another one is given the lead first.
func (n *Node) Close() error {
	n.mu.Lock()
	again := n.closed
	n.closed = true
	n.mu.Unlock()
	if again {
		return nil
	}
	if n.Leader().Self && len(n.Members()) > 1 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*n.opts.Heartbeat)
		if err := n.StepDown(ctx); err != nil {
			n.log.Debug("lead not given to another scheduler", "error", err)
		}
		cancel()
	}
	n.fail(errClosed)
	var errs []error
	if t, ok := n.trans.(raft.WithClose); ok {
		errs = append(errs, t.Close())
	}
	if r := n.raft.Load(); r != nil {
		ended := make(chan error, 1)
		go func() { ended <- r.Shutdown().Error() }()
		timer := time.NewTimer(closeTime)
		defer timer.Stop()
		select {
		case err := <-ended:
			errs = append(errs, err)
		case <-timer.C:
			errs = append(errs, errors.New("raft does not end"))
		}
	}
	n.wg.Wait()
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	if n.lock != nil {
		errs = append(errs, n.lock.Close())
	}
	return errors.Join(errs...)
}
