//go:build e2e && linux

package lattice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// observer sees everything that schedulers write while things break: who leads, and
// that nothing older ever takes the place of something newer, which is what a leader
// would write that does not know yet that it is none any more.
type observer struct {
	mu       sync.Mutex
	beats    []beat
	stamps   map[string]lattice.Stamp // by bucket and key
	writes   int
	problems []string
}

// beat is a leader's word that it leads.
type beat struct {
	ID   string `json:"id"`
	Term uint64 `json:"term"`
	at   time.Time
}

// observe begins to watch what schedulers write.
func observe(t *testing.T, l *testLattice) *observer {
	t.Helper()
	creds, err := trust.ReadCreds(l.operator)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: strings.Split(urls(l.nats), ","), Credentials: creds, Name: "observer"})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := trust.NewVerifier(lattice.DefaultName, creds.Account)
	if err != nil {
		t.Fatal(err)
	}
	o := &observer{stamps: map[string]lattice.Stamp{}}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		stop()
		wg.Wait()
		_ = conn.Close()
	})
	b := wire.Buckets{Lattice: lattice.DefaultName}
	for _, name := range []string{b.Scheduler(), b.Desired(), b.Components()} {
		bucket, err := conn.Bucket(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		synced := make(chan struct{})
		wg.Go(func() {
			once := sync.OnceFunc(func() { close(synced) })
			err := bucket.Watch(ctx, ">", func(e lattice.Entry) error {
				if e.Synced {
					once()
				} else if !e.Deleted {
					value, err := verifier.Scheduler(name, e.Key, e.Value)
					o.saw(name, e.Key, value, err)
				}
				return nil
			})
			if err != nil {
				o.problem("the watch of %s ended: %v", name, err)
			}
		})
		<-synced
	}
	return o
}

func (o *observer) problem(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.problems = append(o.problems, fmt.Sprintf(format, args...))
}

// saw takes in what was written.
func (o *observer) saw(bucket, key string, value []byte, err error) {
	if err != nil {
		o.problem("%s in %s is not by a scheduler: %v", key, bucket, err)
		return
	}
	if key == wire.SchedulerLeader {
		b := beat{at: time.Now()}
		if err := json.Unmarshal(value, &b); err != nil {
			o.problem("the beat: %v", err)
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.beats = append(o.beats, b)
		return
	}
	var document struct {
		Stamp lattice.Stamp `json:"stamp"`
	}
	if err := json.Unmarshal(value, &document); err != nil {
		o.problem("%s in %s: %v", key, bucket, err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes++
	if last := o.stamps[bucket+" "+key]; document.Stamp.Compare(last) < 0 {
		o.problems = append(o.problems, fmt.Sprintf("%s in %s is of %v now, and was of %v", key, bucket, document.Stamp, last))
	}
	o.stamps[bucket+" "+key] = document.Stamp
}

// elected waits until another scheduler than the one that led before leads, and
// returns how long after that moment it began.
func (o *observer) elected(t *testing.T, before string, since time.Time) time.Duration {
	t.Helper()
	var took time.Duration
	eventually(t, time.Minute, "another scheduler leads than "+before, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, b := range o.beats {
			if b.at.After(since) && b.ID != before {
				took = b.at.Sub(since)
				return true
			}
		}
		return false
	})
	return took
}

// beating waits until any scheduler has said that it leads after a moment.
func (o *observer) beating(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	return o.elected(t, "", since)
}

// check says what was wrong.
func (o *observer) check(t *testing.T) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.problems {
		t.Error(p)
	}
	o.problems = nil
	last := uint64(0)
	for _, b := range o.beats {
		if b.Term < last {
			t.Errorf("%s writes in term %d after another has written in term %d", b.ID, b.Term, last)
		}
		last = max(last, b.Term)
	}
}
