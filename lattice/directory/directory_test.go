package directory_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// seal is a signature that everybody can make, which says who made it, and for what.
func seal(who, bucket, key string, value []byte) []byte {
	return append([]byte(who+" "+bucket+" "+key+"\n"), value...)
}

// verifier opens seals.
type verifier struct{}

func (verifier) Host(id lattice.HostID, bucket, key string, signed []byte) ([]byte, error) {
	return unseal(string(id), bucket, key, signed)
}

func (verifier) Scheduler(bucket, key string, signed []byte) ([]byte, error) {
	return unseal("scheduler", bucket, key, signed)
}

func unseal(who, bucket, key string, signed []byte) ([]byte, error) {
	value, ok := bytes.CutPrefix(signed, seal(who, bucket, key, nil))
	if !ok {
		return nil, errors.New("it is not signed by " + who)
	}
	return value, nil
}

// world is a lattice with a directory.
type world struct {
	t          *testing.T
	network    *memlattice.Network
	d          *directory.Directory
	components lattice.Bucket
	ready      lattice.Bucket
	names      wire.Buckets
}

func inWorld(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: memlattice.New(memlattice.Options{}), names: wire.Buckets{Lattice: "l"}}
		scheduler, err1 := w.network.Join("scheduler")
		reader, err2 := w.network.Join("reader")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		w.d = directory.New(reader, "l", verifier{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.d.Run(ctx) }()
		<-time.After(3 * time.Second) // there are no buckets yet
		if w.d.Synced() {
			t.Error("synced without buckets")
		}
		w.components, err1 = scheduler.CreateBucket(ctx, lattice.BucketConfig{Name: w.names.Components()})
		w.ready, err2 = scheduler.CreateBucket(ctx, lattice.BucketConfig{Name: w.names.Ready()})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * time.Second)
		if !w.d.Synced() {
			t.Fatal("not synced")
		}
		f(w)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		_ = reader.Close()
		_ = scheduler.Close()
	})
}

func (w *world) put(b lattice.Bucket, who, bucket, key string, value []byte, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Put(w.t.Context(), key, seal(who, bucket, key, value)); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

func (w *world) assign(who string, a *lattice.Assignment) {
	w.t.Helper()
	value, err := wire.EncodeAssignment(a)
	w.put(w.components, who, w.names.Components(), string(a.Component), value, err)
}

func (w *world) setReady(who lattice.HostID, r *lattice.Ready) {
	w.t.Helper()
	value, err := wire.EncodeReady(r)
	w.put(w.ready, string(who), w.names.Ready(), wire.ReadyKey(r.Host, r.Component), value, err)
}

func TestDirectory(t *testing.T) {
	inWorld(t, func(w *world) {
		changed := w.d.Changed()
		w.assign("scheduler", assignment("c", 2, 1, host(1), host(2)))
		w.setReady(host(1), readyOf("c", 1, host(1), "a:b/c@1.0.0"))
		wantHosts(t, w.d.Snapshot(), "c", host(1))
		select {
		case <-changed:
		default:
			t.Error("nobody was told of the change")
		}
		w.setReady(host(3), readyOf("c", 1, host(2)))         // signed by another host
		w.setReady(host(3), readyOf("c", 1, host(3)))         // not assigned
		w.assign("evil", assignment("c", 9, 1, host(3)))      // not the scheduler
		w.assign("scheduler", assignment("c", 1, 1, host(3))) // an old one again
		wantHosts(t, w.d.Snapshot(), "c", host(1))
		if err := w.ready.Delete(w.t.Context(), wire.ReadyKey(host(1), "c")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantHosts(t, w.d.Snapshot(), "c")
	})
}

func TestReadyGrowsOld(t *testing.T) {
	inWorld(t, func(w *world) {
		w.assign("scheduler", assignment("c", 1, 1, host(1), host(2)))
		w.setReady(host(1), readyOf("c", 1, host(1)))
		w.setReady(host(2), readyOf("c", 1, host(2)))
		<-time.After(50 * time.Minute)
		w.setReady(host(2), readyOf("c", 1, host(2)))
		<-time.After(15 * time.Minute)
		wantHosts(t, w.d.Snapshot(), "c", host(2))
		w.network.Sever("reader")
		<-time.After(5 * time.Hour) // time without a connection does not count
		wantHosts(t, w.d.Snapshot(), "c", host(2))
		w.network.Restore("reader")
		<-time.After(2 * time.Hour)
		wantHosts(t, w.d.Snapshot(), "c")
	})
}
