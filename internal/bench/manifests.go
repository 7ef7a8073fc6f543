package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// manifests measures how many manifests a second are stored, each a command that is
// answered when most of the schedulers have it on their disks.
func (s *session) manifests(ctx context.Context, id *identity) error {
	for _, n := range []int{1, 3} {
		names := func(clients int) string {
			return fmt.Sprintf("manifests put, %s, %s", counted(n, "scheduler"), counted(clients, "client"))
		}
		many := []int{1, 8, 64}
		if !s.want(names(many[0])) && !s.want(names(many[1])) && !s.want(names(many[2])) {
			continue
		}
		c, err := s.newCluster(ctx, id, n)
		if err != nil {
			return err
		}
		err = c.store(ctx)
		for _, clients := range many {
			err = errors.Join(err, s.row(row{Name: names(clients), Unit: perSecond}, func(r *row) error {
				return s.puts(ctx, c, clients, n, r)
			}))
		}
		if err = errors.Join(err, c.close()); err != nil {
			return err
		}
	}
	return nil
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// puts has clients put manifests, each those of an application of its own.
func (s *session) puts(ctx context.Context, c *cluster, clients, schedulers int, r *row) error {
	var size, made atomic.Int64
	var next atomic.Int64
	put := func() error {
		n := next.Add(1)
		text, digests := manifestOf(fmt.Sprintf("app-%d-%d", clients, n%64), fmt.Sprint("v", n), 1, int(n)%binaries)
		size.Store(int64(len(text)))
		result := new(control.AppResult)
		if err := c.client.Do(ctx, &control.PutApp{Manifest: text, Digests: digests, By: "bench"}, result); err != nil {
			return err
		}
		if !result.Changed {
			return fmt.Errorf("manifest %d changed nothing", n)
		}
		made.Add(1)
		return nil
	}
	most := pick(s, 500*time.Millisecond, 1500*time.Millisecond)
	begin := time.Now()
	l, err := loop(clients, 1<<30, most, put)
	if err != nil {
		return err
	}
	r.Value = float64(made.Load()) / time.Since(begin).Seconds()
	r.P50, r.P99 = float64(l.p50), float64(l.p99)
	syncs, err := s.syncs(int(size.Load()), most/4)
	r.Peers = []peer{{Name: "a file, appended to and put through to the disk", Value: syncs}}
	r.Note = fmt.Sprintf("manifests of %d bytes", size.Load())
	if schedulers > 1 {
		r.Note += "; all on this disk"
	}
	return err
}

// syncs is how many times a second as many bytes are appended to a file and are on the
// disk.
func (s *session) syncs(size int, most time.Duration) (float64, error) {
	f, err := os.CreateTemp(s.keep, "sync-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = errors.Join(f.Close(), os.Remove(f.Name())) }()
	text := make([]byte, size)
	n := 0
	begin := time.Now()
	for ; time.Since(begin) < most; n++ {
		if _, err := f.Write(text); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(begin).Seconds(), nil
}

// application measures an application of many components, on hosts that say at once that
// they run what they are told.
func (s *session) application(ctx context.Context, id *identity) error {
	components, hosts := pick(s, 200, 1000), pick(s, 10, 50)
	name := fmt.Sprintf("an application of %d components on %d hosts, 1 scheduler, until ", components, hosts)
	if !s.want(name+"its documents are written") && !s.want(name+"all is ready") {
		return nil
	}
	c, err := s.newCluster(ctx, id, 1)
	if err != nil {
		return err
	}
	got, err := c.large(ctx, components, hosts)
	if err = errors.Join(err, c.close()); err != nil {
		return err
	}
	err = s.row(row{Name: name + "its documents are written", Unit: nanoseconds}, func(r *row) error {
		r.Value = float64(got.written)
		r.Peers = []peer{{Name: "put as many values with 8 writers", Value: float64(got.puts)}}
		r.Note = fmt.Sprintf("%d documents", got.documents)
		return nil
	})
	if err != nil {
		return err
	}
	return s.row(row{Name: name + "all is ready", Unit: nanoseconds}, func(r *row) error {
		r.Value = float64(got.ready)
		return nil
	})
}

// deployment is how long it took until the command was answered, which is when all
// documents are written, and until all was ready; and how long it takes to write as many
// values.
type deployment struct {
	written, ready, puts time.Duration
	documents            int
}

// large deploys an application.
func (c *cluster) large(ctx context.Context, components, hosts int) (got deployment, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := c.store(ctx); err != nil {
		return got, err
	}
	var obeying sync.WaitGroup
	defer obeying.Wait()
	obey, stop := context.WithCancel(ctx)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for i := range hosts {
		p, err := c.puppet(ctx, i)
		if err != nil {
			return got, err
		}
		obeying.Go(func() {
			if err := p.run(obey, c.id.verifier); err != nil {
				fail(fmt.Errorf("host %s: %w", p.report.ID, err))
			}
		})
	}
	if err := c.everywhere(ctx, hosts); err != nil {
		return got, err
	}
	text, digests := manifestOf("large", "v1", components, 0)
	begin := time.Now()
	if err := c.client.Do(ctx, &control.PutApp{Manifest: text, Digests: digests, Deploy: true, By: "bench"}, new(control.AppResult)); err != nil {
		return got, err
	}
	got.written = time.Since(begin)
	var signed [][]byte
	buckets := wire.Buckets{Lattice: latticeName}
	for _, name := range []string{buckets.Components(), buckets.Desired()} {
		b, err := c.privy.Bucket(ctx, name)
		if err != nil {
			return got, err
		}
		all, err := b.List(ctx, ">")
		if err != nil {
			return got, err
		}
		for _, e := range all {
			signed = append(signed, e.Value)
		}
	}
	if len(signed) < components {
		return got, fmt.Errorf("%d documents of %d components", len(signed), components)
	}
	if err := c.await(ctx, "large", func(s *control.AppStatus) bool { return s.Phase == control.AppReady }); err != nil {
		return got, err
	}
	got.ready, got.documents = time.Since(begin), len(signed)
	got.puts, err = c.puts(ctx, signed)
	return got, err
}

// store puts binaries where the scheduler looks for them.
func (c *cluster) store(ctx context.Context) error {
	objects, err := c.operator.Objects(ctx, wire.Buckets{Lattice: latticeName}.Artifacts(), false)
	if err != nil {
		return err
	}
	for i := range binaries {
		name, err := wire.ArtifactName(digestOf(i))
		if err != nil {
			return err
		}
		if err := objects.Put(ctx, name, strings.NewReader("binary")); err != nil {
			return err
		}
	}
	return nil
}

// everywhere deploys a component on so many hosts, which is ready when the scheduler has
// heard of all of them.
func (c *cluster) everywhere(ctx context.Context, hosts int) error {
	text, digests := manifestOf("everywhere", "v1", 1, 0)
	text = strings.ReplaceAll(text, "spreadscaler", "daemonscaler")
	if err := c.client.Do(ctx, &control.PutApp{Manifest: text, Digests: digests, Deploy: true, By: "bench"}, new(control.AppResult)); err != nil {
		return err
	}
	return c.await(ctx, "everywhere", func(s *control.AppStatus) bool { return s.Parts[0].Ready == hosts })
}

// await waits until something is so of an application.
func (c *cluster) await(ctx context.Context, name lattice.AppName, is func(*control.AppStatus) bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		status := new(control.AppStatus)
		if err := c.client.Do(ctx, &control.AppStatusOf{App: name}, status); err != nil {
			return err
		}
		if is(status) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("application %q is %s: %w", name, status.Phase, context.Cause(ctx))
		}
	}
}

// puts writes values with as many writers as a scheduler has.
func (c *cluster) puts(ctx context.Context, values [][]byte) (time.Duration, error) {
	const writers = 8
	b, err := c.privy.Bucket(ctx, wire.Buckets{Lattice: latticeName}.Config())
	if err != nil {
		return 0, err
	}
	var next atomic.Int64
	l, err := loop(writers, len(values), time.Minute, func() error {
		i := next.Add(1) - 1
		_, err := b.Create(ctx, fmt.Sprint("bench-", i), values[i])
		return err
	})
	return time.Duration(float64(l.n) / l.rps * float64(time.Second)), err
}
