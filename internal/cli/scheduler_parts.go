package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/wadm"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

// schedulerFlags are those of a scheduler.
type schedulerFlags struct {
	replicas  int
	wasmcloud bool
	beginAnew bool
	allowWadm bool
	// listen is where other schedulers reach it, and advertise what they are told; both
	// are empty for the only one of a lattice.
	listen, advertise string
	peers             []string
	join              bool
}

// addRaft adds the flags by which schedulers find each other, the names of which begin
// with a prefix.
func (f *schedulerFlags) addRaft(fs *pflag.FlagSet, prefix string) {
	fs.StringVar(&f.listen, prefix+"listen", "", "have other schedulers of the lattice reach this one on `HOST:PORT` (default: it is the only one)")
	fs.StringVar(&f.advertise, prefix+"advertise", "", "the `HOST:PORT` that other schedulers are told (default: that of --"+prefix+"listen)")
	fs.BoolVar(&f.allowWadm, "allow-wadm", false, "decide although a wadm answers in the lattice; each undoes what the other does")
	fs.BoolVar(&f.beginAnew, "begin-anew", false, "decide although the scheduler's log is empty and hosts were told something: what runs in the lattice is stopped")
}

// raftCompletions are those of the flags of addRaft.
func raftCompletions(prefix string) map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{prefix + "listen": completeNothing, prefix + "advertise": completeNothing}
}

// checkRaft judges the flags by which schedulers find each other.
func (f *schedulerFlags) checkRaft(prefix string) error {
	switch {
	case f.listen == "" && f.advertise != "":
		return &usageError{fmt.Errorf("--%sadvertise needs --%slisten", prefix, prefix)}
	case f.listen == "" && (len(f.peers) > 0 || f.join):
		return &usageError{errors.New("--peers and --join-cluster need --listen: say where other schedulers reach this one")}
	case len(f.peers) > 0 && f.join:
		return &usageError{errors.New("--peers is for schedulers that begin together, --join-cluster for one that is added to others: give one of them")}
	case len(f.peers) > 0 && len(f.peers)%2 == 0:
		return &usageError{fmt.Errorf("--peers has %d schedulers: have 1, 3 or 5 of them, this one included; one more than an odd number makes none safer", len(f.peers))}
	}
	return nil
}

// identified is a scheduler of a lattice.
type identified struct {
	name    lattice.Name
	creds   *trust.Creds
	issuers []string
}

// openLog opens a scheduler's node of the log.
func (p *parts) openLog(ctx context.Context, dir dataDir, who *identified, f *schedulerFlags, flag string) (*raftlog.Node, error) {
	o := raftlog.Options{Dir: dir.scheduler(), Lattice: who.name, Logger: p.log.logger(), Advertise: f.advertise, Peers: f.peers, Join: f.join}
	if f.listen != "" {
		var err error
		if o.Certificate, err = who.creds.Certificate(); err != nil {
			return nil, err
		}
		verifier, err := trust.NewPeerVerifier(who.name, who.issuers...)
		if err != nil {
			return nil, err
		}
		o.VerifyPeer = verifier.Verify
		if o.Listener, err = listenOn(ctx, flag, f.listen); err != nil {
			return nil, err
		}
	}
	node, err := raftlog.Open(ctx, o)
	if err != nil {
		if o.Listener != nil {
			_ = o.Listener.Close() // it may be closed
		}
		return nil, dir.explain(err)
	}
	p.stops = append(p.stops, node.Close)
	return node, nil
}

// stepDownTime bounds how long a scheduler that stops waits for another to lead.
const stepDownTime = 2 * time.Second

// serveScheduler starts a scheduler on its node of the log, and the edge for the tools of
// wasmCloud, and waits until they serve, or until it is known that it waits to be added
// to others.
func (p *parts) serveScheduler(ctx context.Context, l lattice.Lattice, who *identified, verifier lattice.Verifier, node *raftlog.Node, f *schedulerFlags) (*scheduler.Service, error) {
	if f.listen != "" {
		defer p.slowly("the scheduler waits for others: most of --peers have to run")()
	}
	signer, err := trust.NewSigner(who.creds)
	if err != nil {
		return nil, err
	}
	var edge atomic.Pointer[wasmcloud.Edge]
	o := &scheduler.Options{ID: rand.Text(), Version: version(), Replicas: f.replicas, BeginAnew: f.beginAnew, Logger: p.log.logger()}
	if o.Secrets, err = who.creds.SecretsKey(); err != nil {
		p.log.logger().WarnContext(ctx, "no secrets can be stored or handed out", "error", err)
	}
	o.LeadsEdge = func() bool { e := edge.Load(); return e != nil && e.Leads() }
	if !f.allowWadm {
		o.Allowed = func(ctx context.Context) error { return noWadm(ctx, l, who.name) }
	}
	images, err := imageClient(p.env)
	if err != nil {
		return nil, err
	}
	fetch := fetcher(images, l, who.name)
	var s *scheduler.Service
	if f.wasmcloud {
		o.WhileLeading = func(ctx context.Context) error {
			return wadm.New(l, who.name, s, &wadm.Options{Logger: p.log.logger(), Fetch: fetch}).Run(ctx)
		}
	}
	s = scheduler.New(l, who.name, signer, verifier, node, o)
	p.begin(ctx, "the scheduler", s.Run)
	p.stops = append(p.stops, func() error {
		if node.Leader().Self && len(node.Members()) > 1 {
			ctx, cancel := context.WithTimeout(context.Background(), stepDownTime)
			defer cancel()
			_ = node.StepDown(ctx) // without it, the others find out by themselves
		}
		return nil
	})
	if !f.join || len(node.Members()) > 0 {
		if err := p.await(ctx, s.Ready()); err != nil {
			return nil, err
		}
	}
	if !f.wasmcloud {
		return s, nil
	}
	e := wasmcloud.New(l, who.name, verifier, s, &wasmcloud.Options{Logger: p.log.logger(), Fetch: fetch})
	edge.Store(e)
	p.begin(ctx, "the interface of wasmCloud", e.Run)
	return s, p.await(ctx, e.Ready())
}

// noWadm returns an error if a wadm manages the lattice.
func noWadm(ctx context.Context, l lattice.Lattice, name lattice.Name) error {
	there, err := wadm.Probe(ctx, l, name)
	switch {
	case err != nil:
		return fmt.Errorf("is there a wadm? %w", err)
	case there:
		return fmt.Errorf("a wadm manages lattice %q, and each would undo what the other does: stop it, or start the scheduler with --allow-wadm", name)
	}
	return nil
}

// raftAddress returns where others reach a node, or nothing.
func raftAddress(node *raftlog.Node, f *schedulerFlags) string {
	if f.listen == "" {
		return ""
	}
	return node.Status().Address
}
