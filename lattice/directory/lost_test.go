package directory_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// told is a lattice with buckets whose watches say what the test says.
type told struct {
	lattice.Lattice
	entries map[string]chan lattice.Entry
}

func (l *told) Bucket(_ context.Context, name string) (lattice.Bucket, error) {
	return toldBucket{entries: l.entries[name]}, nil
}

func (l *told) Connected() bool { return true }

type toldBucket struct {
	lattice.Bucket
	entries chan lattice.Entry
}

func (b toldBucket) Watch(ctx context.Context, _ string, f func(lattice.Entry) error) error {
	for {
		select {
		case e := <-b.entries:
			if err := f(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// TestLost has documents go that nobody has deleted, as when a bucket is lost or the
// clock of a server jumps over the time that documents have.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := wire.Buckets{Lattice: "l"}
		l := &told{entries: map[string]chan lattice.Entry{names.Components(): make(chan lattice.Entry), names.Ready(): make(chan lattice.Entry)}}
		d := directory.New(l, "l", verifier{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		say := func(bucket, key string, revision uint64, value []byte) {
			t.Helper()
			e := lattice.Entry{Key: key, Revision: revision, Value: value, Deleted: value == nil}
			e.Synced = key == ""
			l.entries[bucket] <- e
			synctest.Wait()
		}
		sealed := func(who, bucket, key string) func([]byte, error) []byte {
			return func(value []byte, err error) []byte {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				return seal(who, bucket, key, value)
			}
		}
		assigned := sealed("scheduler", names.Components(), "c")(wire.EncodeAssignment(assignment("c", 1, 1, host(1))))
		key := wire.ReadyKey(host(1), "c")
		ready := sealed(string(host(1)), names.Ready(), key)(wire.EncodeReady(readyOf("c", 1, host(1))))
		say(names.Components(), "c", 7, assigned)
		say(names.Ready(), key, 9, ready)
		say(names.Components(), "", 0, nil)
		say(names.Ready(), "", 0, nil)
		wantHosts(t, d.Snapshot(), "c", host(1))

		// Both are lost with their buckets, and written again in time.
		say(names.Components(), "c", 7, nil)
		say(names.Ready(), key, 9, nil)
		wantHosts(t, d.Snapshot(), "c", host(1))
		<-time.After(90 * time.Second)
		wantHosts(t, d.Snapshot(), "c", host(1))
		say(names.Components(), "c", 1, assigned)
		say(names.Ready(), key, 1, ready)
		<-time.After(30 * time.Minute)
		wantHosts(t, d.Snapshot(), "c", host(1))

		// They are lost and nobody writes them again.
		say(names.Ready(), key, 1, nil)
		wantHosts(t, d.Snapshot(), "c", host(1))
		<-time.After(32 * time.Minute)
		wantHosts(t, d.Snapshot(), "c")
		say(names.Components(), "c", 1, nil)
		if _, known := d.Assigned("c"); !known {
			t.Error("the component was forgotten at once")
		}
		<-time.After(5 * time.Minute)
		if _, known := d.Assigned("c"); known {
			t.Error("the component is known still")
		}

		// What is deleted is gone at once.
		say(names.Components(), "c", 3, assigned)
		say(names.Ready(), key, 4, ready)
		wantHosts(t, d.Snapshot(), "c", host(1))
		say(names.Ready(), key, 5, nil)
		wantHosts(t, d.Snapshot(), "c")
		say(names.Components(), "c", 6, nil)
		if _, known := d.Assigned("c"); known {
			t.Error("the component is known still")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
