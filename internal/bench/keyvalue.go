package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"

	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/internal/storesguest"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// The key and the size of the value that guests and clients set and get.
const (
	benchKey   = "user:42"
	benchValue = 100
)

// The backends.
const (
	jetStream   = "JetStream"
	redisServer = "Redis"
)

// keyvalues measures what a guest needs to set and get a value, against a client of the
// same server without anything around it.
func keyvalues(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var errs []error
	for _, b := range []struct {
		name string
		run  func(context.Context) error
	}{{jetStream, s.keyvalueNATS}, {redisServer, s.keyvalueRedis}} {
		if s.want("set, "+b.name) || s.want("get, "+b.name) {
			errs = append(errs, b.run(ctx))
		}
	}
	return errors.Join(errs...)
}

func (s *session) keyvalueNATS(ctx context.Context) error {
	server, err := s.startNATS(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	l, err := natslattice.Connect(ctx, natslattice.Options{URLs: []string{server.url}})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	bucket := wire.Buckets{Lattice: "bench"}.KeyValue()
	if _, err := l.CreateBucket(ctx, lattice.BucketConfig{Name: bucket}); err != nil {
		return err
	}
	nc, err := nats.Connect(server.url)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	kv, err := js.KeyValue(ctx, bucket)
	if err != nil {
		return err
	}
	value := []byte(strings.Repeat("v", benchValue))
	return s.keyvalue(ctx, l, jetStream, lattice.Capability{Kind: "keyvalue-nats", Name: lattice.DefaultLink}, operations{
		set: func() error { _, err := kv.Put(ctx, "raw.user=3A42", value); return err },
		get: func() error { _, err := kv.Get(ctx, "raw.user=3A42"); return err },
	})
}

func (s *session) keyvalueRedis(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		for _, name := range []string{"set, " + redisServer, "get, " + redisServer} {
			if s.want(name) {
				s.rows = append(s.rows, row{Section: s.section, Name: name, Skipped: "redis-server is missing"})
			}
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "redis") // the path of a socket is short
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	socket := filepath.Join(dir, "s")
	cmd := exec.CommandContext(ctx, program, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "")
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: 50})
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return err
	}
	value := strings.Repeat("v", benchValue)
	link := lattice.Capability{Kind: "keyvalue-redis", Name: lattice.DefaultLink, Config: map[string]string{"url": "unix://" + socket}}
	return s.keyvalue(ctx, nil, redisServer, link, operations{
		set: func() error { return client.Set(ctx, "raw:"+benchKey, value, 0).Err() },
		get: func() error { return client.Get(ctx, "raw:"+benchKey).Err() },
	})
}

// operations are those of a client.
type operations struct{ set, get func() error }

// keyvalue measures a guest with a link against a client. Both take turns, and the
// medians of the turns are compared: the machine is not always as fast.
func (s *session) keyvalue(ctx context.Context, l lattice.Lattice, name string, link lattice.Capability, raw operations) (err error) {
	link.Namespace, link.Package, link.Interfaces = "wasi", "keyvalue", []string{"store"}
	env := &capability.Env{Lattice: l, Name: "bench", Component: "guest"}
	grant, err := capability.Open(ctx, env, wasi.Options{}, []lattice.Capability{link}, func(lattice.SecretRef) (string, bool) { return "", false })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, grant.Close()) }()
	c, err := s.engine.Load(ctx, storesguest.Wasm, s.linker)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	state := wasi.NewState(grant.WASI)
	in, err := c.Instantiate(ctx, state, component.Limits{})
	if err != nil {
		return err
	}
	defer func() {
		in.Close()
		err = errors.Join(err, state.Close())
	}()
	times := pick(s, 200, 1000)
	guest := func(fn string, args ...wit.Value) (time.Duration, error) {
		f, err := in.Func("", fn)
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		got, err := f.Call(ctx, append(args, uint32(times))...) //nolint:gosec // it is small
		took := time.Since(begin)
		if err == nil && got[0] != wit.Value(uint32(0)) {
			err = fmt.Errorf("%v of %d calls of %s failed", got[0], times, fn)
		}
		return took, err
	}
	client := func(op func() error) (time.Duration, error) {
		begin := time.Now()
		for range times {
			if err := op(); err != nil {
				return 0, err
			}
		}
		return time.Since(begin), nil
	}
	if err := raw.set(); err != nil {
		return err
	}
	if _, err := guest("set", benchKey, uint32(benchValue)); err != nil {
		return err
	}
	for _, op := range []struct {
		name  string
		ours  func() (time.Duration, error)
		other func() error
	}{
		{"set", func() (time.Duration, error) { return guest("set", benchKey, uint32(benchValue)) }, raw.set},
		{"get", func() (time.Duration, error) { return guest("get", benchKey) }, raw.get},
	} {
		err := s.row(row{Name: op.name + ", " + name, Unit: factor}, func(r *row) error {
			var ours, theirs []time.Duration
			for range pick(s, 3, 9) {
				a, err := op.ours()
				if err != nil {
					return err
				}
				b, err := client(op.other)
				if err != nil {
					return err
				}
				ours, theirs = append(ours, a), append(theirs, b)
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			a, b := ours[len(ours)/2], theirs[len(theirs)/2]
			r.Value = float64(a) / float64(b)
			r.Note = fmt.Sprintf("a guest %s, a client alone %s, with values of %d bytes",
				nanoseconds.format(float64(a)/float64(times)), nanoseconds.format(float64(b)/float64(times)), benchValue)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
