package scheduler_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// A host may not give commands. It can have JetStream put a message of its own on
// the subject of one, and on the keys of the scheduler's buckets; neither is of any
// use to it.
func TestHostileHost(t *testing.T) {
	l := newNATSLab(t)
	s := l.schedule()
	h := l.start1(t)
	creds := trusttest.Creds(t, l.keyring, name, trust.RoleHost)
	evil := l.join(trust.RoleHost, creds)
	ready, err := evil.Bucket(t.Context(), l.buckets.Ready())
	if err != nil {
		t.Fatal(err)
	}
	command, err := control.Encode(&control.StopComponent{ID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	key := wire.ReadyKey(creds.HostID(), "c")
	if _, err := ready.Put(t.Context(), key, command); err != nil {
		t.Fatal(err)
	}
	subject := wire.Subjects{Lattice: name}.Control("component.stop")
	seen := make(chan *lattice.Message, 16)
	if _, err := s.lattice.Subscribe(subject, "", func(m *lattice.Message) { seen <- m }); err != nil {
		t.Fatal(err)
	}
	if err := s.lattice.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	stream := "KV_" + l.buckets.Ready()
	consumer, err := json.Marshal(map[string]any{"stream_name": stream, "config": map[string]any{
		"name": "evil", "deliver_subject": subject, "deliver_policy": "all", "ack_policy": "none",
		"filter_subject": "$KV." + l.buckets.Ready() + "." + key, "mem_storage": true, "num_replicas": 1,
	}})
	if err != nil {
		t.Fatal(err)
	}
	arrived := 0
	for _, m := range []*lattice.Message{
		{Subject: "$JS.API.DIRECT.GET." + stream + ".$KV." + l.buckets.Ready() + "." + key, Reply: subject},
		{Subject: "$JS.API.CONSUMER.CREATE." + stream + ".evil.$KV." + l.buckets.Ready() + "." + key, Data: consumer, Reply: evil.NewInbox()},
		{Subject: subject, Data: command, Reply: evil.NewInbox()}, // which it may not
	} {
		if err := evil.Publish(m); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-seen:
			arrived++
			if string(got.Data) != string(command) {
				t.Logf("%s: something else arrives: %.80q", m.Subject, got.Data)
			}
		case <-time.After(time.Second):
		}
	}
	if arrived == 0 {
		t.Log("the server let nothing through at all")
	}
	// Messages that are played to keys of the scheduler: a value, a deletion, and the
	// answer that there is nothing.
	deleted, missing := wire.ReadyKey(creds.HostID(), "d"), wire.ReadyKey(creds.HostID(), "e")
	if _, err := ready.Put(t.Context(), deleted, command); err != nil {
		t.Fatal(err)
	}
	if err := ready.Delete(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	for _, played := range []string{key, deleted, missing} {
		for _, target := range []struct{ bucket, key string }{
			{l.buckets.Desired(), string(h.id)},
			{l.buckets.Components(), "c"},
			{l.buckets.Components(), "nobody"},
		} {
			before, err := l.bucket(s.lattice, target.bucket).Get(t.Context(), target.key)
			if err != nil && target.key != "nobody" {
				t.Fatal(err)
			}
			if err := evil.Publish(&lattice.Message{
				Subject: "$JS.API.DIRECT.GET." + stream + ".$KV." + l.buckets.Ready() + "." + played,
				Reply:   "$KV." + target.bucket + "." + target.key,
			}); err != nil {
				t.Fatal(err)
			}
			l.eventually(fmt.Sprintf("%s %s after %s was played there", target.bucket, target.key, played), func() string {
				now, err := l.bucket(s.lattice, target.bucket).Get(t.Context(), target.key)
				if target.key == "nobody" {
					if err == nil {
						return "it is there"
					}
					return ""
				}
				if err != nil || now.Revision == before.Revision || l.value(target.bucket, target.key) == nil {
					return fmt.Sprintf("not mended: %v, %v", now.Revision, err)
				}
				return ""
			})
		}
	}
	if r, err := l.do(t.Context(), &control.ScaleComponent{ID: "c", MaxInstances: 5}); err != nil || !r.Changed {
		t.Errorf("scale: %+v, %v", r, err)
	}
	if a := l.assignment("c"); a == nil || len(a.Hosts()) != 1 {
		t.Errorf("assignment %+v, want that a host cannot stop the component", a)
	}
	s.stop()
	l.schedule()
	l.eventually("state", func() string {
		if a := l.assignment("c"); a == nil || len(a.Hosts()) != 1 {
			return fmt.Sprintf("assignment %+v", a)
		}
		return ""
	})
}

// start1 starts component c on a new host.
func (l *lab) start1(t *testing.T) *host {
	t.Helper()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	return h
}
