package daemon_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// admin connects as a user of the lattice's account who may do anything.
func (w *world) admin(server string) jetstream.JetStream {
	w.Helper()
	seed, err := os.ReadFile(filepath.Join(w.ring.Dir(), "lattices", string(lattice.DefaultName), "account.nk"))
	if err != nil {
		w.Fatal(err)
	}
	account, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		w.Fatal(err)
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		w.Fatal(err)
	}
	public, err := user.PublicKey()
	if err != nil {
		w.Fatal(err)
	}
	token, err := jwt.NewUserClaims(public).Encode(account)
	if err != nil {
		w.Fatal(err)
	}
	nc, err := nats.Connect(server, nats.UserJWT(func() (string, error) { return token, nil }, user.Sign))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		w.Fatal(err)
	}
	return js
}

// TestBucketsDeleted has somebody delete the buckets of what hosts say, and the
// scheduler make them anew: the host says all of it again, without being asked.
func TestBucketsDeleted(t *testing.T) {
	w, server, _ := newNATSWorld(t)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	w.awaitReady("hello", true)
	js := w.admin(server.ClientURL())
	for _, names := range [][]string{{w.buckets.Ready()}, {w.buckets.Hosts(), w.buckets.Ready(), w.buckets.Desired()}} {
		for _, name := range names {
			if err := js.DeleteStream(t.Context(), "KV_"+name); err != nil {
				t.Fatal(err)
			}
		}
		w.says(h, "hello", "hello")
		begun := time.Now()
		w.create()
		w.awaitReady("hello", true)
		w.awaitRunning("hello")
		t.Logf("%q: there again after %v", names, time.Since(begun).Round(time.Millisecond))
		if w.revision(w.buckets.Ready(), wire.ReadyKey(w.id, "hello")) == 0 {
			t.Error("readiness is not there")
		}
	}
	// The host follows the new bucket.
	w.want(w.upload("hello", hello), w.upload("echo", echo))
	w.awaitRunning("hello", "echo")
	w.awaitReady("echo", true)
}
