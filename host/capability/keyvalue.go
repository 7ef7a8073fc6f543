package capability

import (
	"context"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/keyvalue"
	"github.com/wattle-dev/wattle/providers/keyvalue/natskv"
	"github.com/wattle-dev/wattle/providers/keyvalue/rediskv"
)

// openKeyValueNATS opens stores of the lattice.
func openKeyValueNATS(_ context.Context, env *Env, links []link, g *Grant) error {
	for i := range links {
		l := &links[i]
		c, err := capability.ParseKeyValueNATS(l.config)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		name := natskv.Own(env.Component)
		if c.Bucket != "" {
			name = natskv.Named(c.Bucket)
		}
		store := natskv.Open(env.Lattice, wire.Buckets{Lattice: env.Name}.KeyValue(), name, natskv.Limits{Bytes: c.MaxBytes, Keys: c.MaxKeys})
		if err := addKeyValue(env, g, l, "keyvalue-nats", store, limits(c.MaxValue, c.TimeoutMillis)); err != nil {
			return err
		}
	}
	return nil
}

func limits(value, millis int64) keyvalue.Limits {
	return keyvalue.Limits{Value: int(value), Timeout: time.Duration(millis) * time.Millisecond}
}

// openKeyValueRedis opens stores in Redis.
func openKeyValueRedis(_ context.Context, env *Env, links []link, g *Grant) error {
	for i := range links {
		l := &links[i]
		store, limits, err := redisStore(env, l)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		if err := addKeyValue(env, g, l, "keyvalue-redis", store, limits); err != nil {
			return err
		}
	}
	return nil
}

func redisStore(env *Env, l *link) (keyvalue.Store, keyvalue.Limits, error) {
	c, err := capability.ParseKeyValueRedis(l.config)
	if err != nil {
		return nil, keyvalue.Limits{}, err
	}
	o := &rediskv.Options{
		CA: c.CA, Prefix: c.Prefix, MaxValue: int(c.MaxValue), Connections: c.Connections, Timeout: time.Duration(c.TimeoutMillis) * time.Millisecond,
	}
	if c.Own {
		o.Prefix = ownPrefix(env, ":")
	}
	if err := l.revealAll(map[*string]capability.Text{&o.URL: c.URL, &o.Username: c.Username, &o.Password: c.Password}); err != nil {
		return nil, keyvalue.Limits{}, err
	}
	store, err := rediskv.Open(o)
	if err != nil {
		return nil, keyvalue.Limits{}, err
	}
	return store, limits(c.MaxValue, c.TimeoutMillis), nil
}

// ownPrefix begins what only the component has, where it shares a backend with others:
// none of the parts has a separator in it.
func ownPrefix(env *Env, separator string) string {
	return "wattle" + separator + string(env.Name) + separator + string(env.Component) + separator
}

// revealAll sets texts to what stands for them.
func (l *link) revealAll(texts map[*string]capability.Text) error {
	for to, text := range texts {
		value, err := text.Reveal(l.reveal)
		if err != nil {
			return err
		}
		*to = value
	}
	return nil
}

// addKeyValue gives a store to the instances, within limits.
func addKeyValue(env *Env, g *Grant, l *link, kind string, backend keyvalue.Store, limits keyvalue.Limits) error {
	used := g.used(kind, l)
	limits.Used = func(e *keyvalue.Error) {
		if e == nil {
			used("")
			return
		}
		used(e.Public())
	}
	store := keyvalue.Limit(backend, limits)
	o := &g.WASI.KeyValue
	return addStore(g, l, "wasi:keyvalue", newComplaints(env.Logger, kind), &o.Stores, &o.Failed, store)
}
