package capability

import (
	"context"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
	"github.com/wattle-dev/wattle/providers/blobstore/s3"
)

// openBlobstoreNATS opens stores of the lattice.
func openBlobstoreNATS(_ context.Context, env *Env, links []link, g *Grant) error {
	for i := range links {
		l := &links[i]
		c, err := capability.ParseBlobstoreNATS(l.config)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		name := natsobjects.Own(env.Component)
		if c.Bucket != "" {
			name = natsobjects.Named(c.Bucket)
		}
		store := natsobjects.Open(env.Lattice, wire.Buckets{Lattice: env.Name}.Blobs(), name, natsobjects.Limits{Bytes: c.MaxBytes, Keys: c.MaxKeys})
		if err := addBlobstore(env, g, l, "blobstore-nats", store, c.MaxObject, c.TimeoutMillis); err != nil {
			return err
		}
	}
	return nil
}

// openBlobstoreS3 opens stores in S3.
func openBlobstoreS3(_ context.Context, env *Env, links []link, g *Grant) error {
	for i := range links {
		l := &links[i]
		c, err := capability.ParseBlobstoreS3(l.config)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		o := &s3.Options{
			Endpoint: c.Endpoint, Region: c.Region, Bucket: c.Bucket, Prefix: c.Prefix, PathStyle: c.PathStyle, CA: c.CA,
			MaxSize: c.MaxObject, Connections: c.Connections, Timeout: time.Duration(c.TimeoutMillis) * time.Millisecond,
		}
		if c.Own {
			o.Prefix = ownPrefix(env, "/")
		}
		err = l.revealAll(map[*string]capability.Text{&o.AccessKey: c.AccessKey, &o.SecretKey: c.SecretKey, &o.SessionToken: c.SessionToken})
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		store, err := s3.Open(o)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		if err := addBlobstore(env, g, l, "blobstore-s3", store, c.MaxObject, c.TimeoutMillis); err != nil {
			return err
		}
	}
	return nil
}

// addBlobstore gives a store to the instances, within limits.
func addBlobstore(env *Env, g *Grant, l *link, kind string, backend blobstore.Store, object, millis int64) error {
	store := blobstore.Limit(backend, blobstore.Limits{
		Object: object, Timeout: time.Duration(millis) * time.Millisecond, Used: objectsUsed(g.used(kind, l)),
	})
	o := &g.WASI.Blobstore
	return addStore(g, l, "wasi:blobstore", newComplaints(env.Logger, kind), &o.Stores, &o.Failed, store)
}

// objectsUsed is used for stores of objects.
func objectsUsed(used func(reason string)) func(*blobstore.Error) {
	return func(e *blobstore.Error) {
		if e == nil {
			used("")
			return
		}
		used(e.Public())
	}
}
