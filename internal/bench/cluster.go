package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

// cluster are schedulers with their logs on disk and a NATS server in this process.
type cluster struct {
	id     *identity
	server *natsserver.Server
	client *control.Client
	// operator is the client's lattice, privy one that may read what schedulers write.
	operator, privy lattice.Lattice
	stops           []func() error
	services        sync.WaitGroup
}

// newCluster starts so many schedulers, and waits until one of them leads.
func (s *session) newCluster(ctx context.Context, id *identity, n int) (_ *cluster, err error) {
	// Where a cache is kept is a disk, which a directory for temporary files may not be.
	dir, err := os.MkdirTemp(s.keep, "scheduler-")
	if err != nil {
		return nil, err
	}
	c := &cluster{id: id, stops: []func() error{func() error { return os.RemoveAll(dir) }}}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	operator, err := id.keyring.OperatorJWT()
	if err != nil {
		return nil, err
	}
	accounts, err := id.keyring.Accounts()
	if err != nil {
		return nil, err
	}
	c.server, err = natsserver.Start(ctx, natsserver.Options{
		StoreDir: filepath.Join(dir, "nats"), Port: -1, Operator: operator, Accounts: accounts, SystemAccount: id.keyring.SystemAccount(),
	})
	if err != nil {
		return nil, err
	}
	c.stops = append(c.stops, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		return c.server.Shutdown(ctx)
	})
	who, err := id.keyring.Issue(latticeName, trust.RoleOperator, nil)
	if err != nil {
		return nil, err
	}
	if c.operator, err = c.join(ctx, who); err != nil {
		return nil, err
	}
	c.client = &control.Client{Messenger: c.operator, Lattice: latticeName}
	if err := c.schedule(ctx, dir, n); err != nil {
		return nil, err
	}
	return c, c.lead(ctx)
}

// join connects a user.
func (c *cluster) join(ctx context.Context, who *trust.Creds) (lattice.Lattice, error) {
	l, err := natslattice.Connect(ctx, natslattice.Options{InProcess: c.server, Credentials: who})
	if err == nil {
		c.stops = append(c.stops, l.Close)
	}
	return l, err
}

// schedule starts schedulers.
func (c *cluster) schedule(ctx context.Context, dir string, n int) error {
	all := make([]raftlog.Options, n)
	var peers []string
	for i := range all {
		all[i] = raftlog.Options{Dir: filepath.Join(dir, fmt.Sprint("log-", i)), Lattice: latticeName}
		if n == 1 {
			continue
		}
		verifier, err := trust.NewPeerVerifier(latticeName, c.id.account)
		if err != nil {
			return err
		}
		all[i].VerifyPeer = verifier.Verify
		if all[i].Listener, err = listen(ctx); err != nil {
			return err
		}
		peers = append(peers, all[i].Listener.Addr().String())
	}
	ctx, cancel := context.WithCancel(ctx)
	c.stops = append(c.stops, func() error {
		cancel()
		c.services.Wait()
		return nil
	})
	ready := make(chan (<-chan struct{}), n)
	failed := make(chan error, n)
	for i := range all {
		who, err := c.id.keyring.Issue(latticeName, trust.RoleScheduler, nil)
		if err != nil {
			return err
		}
		if all[i].Listener != nil {
			if all[i].Certificate, err = who.Certificate(); err != nil {
				return err
			}
		}
		all[i].Peers = peers
		l, err := c.join(ctx, who)
		if err != nil {
			return err
		}
		c.privy = l
		signer, err := trust.NewSigner(who)
		if err != nil {
			return err
		}
		c.services.Go(func() {
			node, err := raftlog.Open(ctx, all[i])
			if err != nil {
				failed <- err
				return
			}
			defer func() { _ = node.Close() }()
			service := scheduler.New(l, latticeName, signer, c.id.verifier, node, &scheduler.Options{LeadsEdge: func() bool { return false }})
			ready <- service.Ready()
			failed <- service.Run(ctx)
		})
	}
	for range n {
		select {
		case r := <-ready:
			select {
			case <-r:
			case err := <-failed:
				return err
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		case err := <-failed:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// lead waits until a scheduler serves commands.
func (c *cluster) lead(ctx context.Context) error {
	return c.client.Do(ctx, &control.ListApps{}, new(control.AppList))
}

func (c *cluster) close() error {
	var errs []error
	for _, stop := range slices.Backward(c.stops) {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

// puppet is a host that says of everything that it is told that it runs.
type puppet struct {
	signer  lattice.Signer
	report  *lattice.HostReport
	hosts   lattice.Bucket
	desired lattice.Bucket
}

// puppet has a host join, and reports until ctx ends.
func (c *cluster) puppet(ctx context.Context, i int) (*puppet, error) {
	who, err := c.id.keyring.Issue(latticeName, trust.RoleHost, nil)
	if err != nil {
		return nil, err
	}
	l, err := c.join(ctx, who)
	if err != nil {
		return nil, err
	}
	p := &puppet{report: hostReport(who.HostID(), i)}
	p.report.Started = time.Now().UTC()
	if p.signer, err = trust.NewSigner(who); err != nil {
		return nil, err
	}
	buckets := wire.Buckets{Lattice: latticeName}
	if p.hosts, err = l.Bucket(ctx, buckets.Hosts()); err != nil {
		return nil, err
	}
	if p.desired, err = l.Bucket(ctx, buckets.Desired()); err != nil {
		return nil, err
	}
	return p, p.say(ctx)
}

// run has the host obey until ctx ends.
func (p *puppet) run(ctx context.Context, verifier lattice.Verifier) error {
	buckets := wire.Buckets{Lattice: latticeName}
	told := make(chan *lattice.Desired)
	watched := make(chan error, 1)
	go func() {
		watched <- p.desired.Watch(ctx, string(p.report.ID), func(e lattice.Entry) error {
			if e.Synced || e.Deleted {
				return nil
			}
			value, err := verifier.Scheduler(buckets.Desired(), e.Key, e.Value)
			if err != nil {
				return err
			}
			d, err := wire.DecodeDesired(value, latticeName, p.report.ID)
			if err != nil {
				return err
			}
			select {
			case told <- d:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case d := <-told:
			p.report = obeyed(p.report, d)
		case <-tick.C:
		case err := <-watched:
			return err
		}
		if err := p.say(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (p *puppet) say(ctx context.Context) error {
	buckets := wire.Buckets{Lattice: latticeName}
	p.report.Time = time.Now().UTC()
	value, err := wire.EncodeHostReport(p.report)
	if err != nil {
		return err
	}
	signed, err := p.signer.Sign(buckets.Hosts(), string(p.report.ID), value)
	if err != nil {
		return err
	}
	_, err = p.hosts.Put(ctx, string(p.report.ID), signed)
	return err
}
