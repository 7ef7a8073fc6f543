package daemon_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// attacker is another host, taken over, that has JetStream write what it may not.
type attacker struct {
	*world
	l  lattice.Lattice
	id lattice.HostID
	n  int
}

func (w *world) attacker(server string) *attacker {
	w.Helper()
	creds, err := w.ring.Issue(lattice.DefaultName, trust.RoleHost, nil)
	if err != nil {
		w.Fatal(err)
	}
	l, err := natslattice.Connect(w.Context(), natslattice.Options{URLs: []string{server}, Credentials: creds})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = l.Close() })
	return &attacker{world: w, l: l, id: creds.HostID()}
}

// own returns a key of the attacker's with a value, or with a deletion.
func (a *attacker) own(value []byte) string {
	a.Helper()
	a.n++
	b, err := a.l.Bucket(a.Context(), a.buckets.Ready())
	if err != nil {
		a.Fatal(err)
	}
	key := wire.ReadyKey(a.id, lattice.ComponentID(fmt.Sprint("k", a.n)))
	if _, err := b.Put(a.Context(), key, value); err != nil {
		a.Fatal(err)
	}
	if value == nil {
		if err := b.Delete(a.Context(), key); err != nil {
			a.Fatal(err)
		}
	}
	return key
}

// answer has what is under a key of the attacker's be put under a key of another.
func (a *attacker) answer(from, bucket, key string) {
	a.Helper()
	err := a.l.Publish(&lattice.Message{
		Subject: "$JS.API.DIRECT.GET.KV_" + a.buckets.Ready() + ".$KV." + a.buckets.Ready() + "." + from,
		Reply:   "$KV." + bucket + "." + key,
	})
	if err != nil {
		a.Fatal(err)
	}
}

// deliver has a consumer do the same, its headers included.
func (a *attacker) deliver(from, bucket, key string) {
	a.Helper()
	stream, filter := "KV_"+a.buckets.Ready(), "$KV."+a.buckets.Ready()+"."+from
	a.n++
	name := fmt.Sprint("c", a.n)
	request, err := json.Marshal(map[string]any{"stream_name": stream, "config": map[string]any{
		"name": name, "deliver_subject": "$KV." + bucket + "." + key, "deliver_policy": "all", "ack_policy": "none",
		"filter_subject": filter, "mem_storage": true, "num_replicas": 1,
	}})
	if err != nil {
		a.Fatal(err)
	}
	m, err := a.l.Request(a.Context(), &lattice.Message{Subject: "$JS.API.CONSUMER.CREATE." + stream + "." + name + "." + filter, Data: request})
	if err != nil {
		a.Fatal(err)
	}
	a.Logf("consumer into %s: %.200s", bucket, m.Data)
}

// revision returns that of what is under a key, zero if there is nothing.
func (w *world) revision(bucket, key string) uint64 {
	w.Helper()
	e, err := w.bucket(bucket).Get(w.Context(), key)
	if err != nil {
		return 0
	}
	return e.Revision
}

// awaitOwn waits until a document of the host is there again, after a revision.
func (w *world) awaitOwn(what, bucket, key string, after uint64) {
	w.Helper()
	begun := time.Now()
	for {
		e, err := w.bucket(bucket).Get(w.Context(), key)
		if err == nil && e.Revision > after+1 {
			if _, err := w.verifier.Host(w.id, bucket, key, e.Value); err == nil {
				w.Logf("%s: there again after %v", what, time.Since(begun).Round(time.Millisecond))
				return
			}
		}
		if time.Since(begun) > patience {
			w.Fatalf("%s: not there again: %v %v", what, e.Revision, err)
		}
		_ = w.l.Flush(w.Context()) // some time
	}
}

// TestOverwritten has another host destroy the documents of a host: with values that
// nobody believes and with marks of deletion, in the two ways that NATS leaves open.
// They are there again soon.
func TestOverwritten(t *testing.T) {
	w, server, _ := newNATSWorld(t)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	w.awaitReady("hello", true)
	a := w.attacker(server.ClientURL())
	garbage, marker := a.own([]byte(`{"value":{},"signer":"nobody","signature":""}`)), a.own(nil)
	report, ready := string(w.id), wire.ReadyKey(w.id, "hello")
	for _, test := range []struct {
		what        string
		bucket, key string
		attack      func()
	}{
		{"ready, garbage by an answer", w.buckets.Ready(), ready, func() { a.answer(garbage, w.buckets.Ready(), ready) }},
		{"ready, deletion by an answer", w.buckets.Ready(), ready, func() { a.answer(marker, w.buckets.Ready(), ready) }},
		{"ready, nothing by an answer", w.buckets.Ready(), ready, func() { a.answer(wire.ReadyKey(a.id, "none"), w.buckets.Ready(), ready) }},
		{"report, garbage by an answer", w.buckets.Hosts(), report, func() { a.answer(garbage, w.buckets.Hosts(), report) }},
		{"report, deletion by an answer", w.buckets.Hosts(), report, func() { a.answer(marker, w.buckets.Hosts(), report) }},
		{"report, garbage by a consumer", w.buckets.Hosts(), report, func() { a.deliver(garbage, w.buckets.Hosts(), report) }},
		{"report, deletion by a consumer", w.buckets.Hosts(), report, func() { a.deliver(marker, w.buckets.Hosts(), report) }},
	} {
		before := w.revision(test.bucket, test.key)
		if before == 0 {
			t.Fatalf("%s: there is nothing before", test.what)
		}
		test.attack()
		w.awaitOwn(test.what, test.bucket, test.key, before)
	}
	w.says(h, "hello", "hello")
}

// TestOwnKeys has another host make a host seem ready for what it does not run: the
// host removes that.
func TestOwnKeys(t *testing.T) {
	w, server, _ := newNATSWorld(t)
	w.start()
	w.want(w.upload("hello", hello))
	w.awaitReady("hello", true)
	e, err := w.bucket(w.buckets.Ready()).Get(t.Context(), wire.ReadyKey(w.id, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	w.want()
	w.awaitReady("hello", false)
	a := w.attacker(server.ClientURL())
	a.answer(a.own(e.Value), w.buckets.Ready(), wire.ReadyKey(w.id, "hello"))
	w.awaitLog("readiness is put again")
	w.awaitReady("hello", false)
}
