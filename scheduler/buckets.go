package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Times for which things are kept.
const (
	reportTTL    = time.Hour
	listingTTL   = 24 * time.Hour
	eventsAge    = 24 * time.Hour
	eventsBytes  = 64 << 20
	eventsNumber = 100_000
)

// Bounds of the buckets, in bytes. JetStream sets aside as much of its disk as they come
// to, used or not; a laptop should have that. Those of documents have room for 10,000
// hosts with 100,000 components.
const (
	desiredBytes    = 512 << 20
	componentsBytes = 256 << 20
	hostsBytes      = 256 << 20
	readyBytes      = 128 << 20
	catalogueBytes  = 128 << 20
	linksBytes      = 64 << 20
	configBytes     = 64 << 20
	leaderBytes     = 1 << 20
	keyValueBytes   = 256 << 20 // what components store
	blobsBytes      = 1 << 30
)

// found makes what the lattice lacks of its buckets, its store of objects and its
// stream of events. The buckets that hosts report to are the last: who sees a report
// finds all else there.
func (s *Service) found(ctx context.Context) (map[string]lattice.Bucket, lattice.Objects, error) {
	made := map[string]lattice.Bucket{}
	create := func(all ...lattice.BucketConfig) error {
		for _, c := range all {
			c.Replicas = s.opts.Replicas
			b, err := s.lattice.CreateBucket(ctx, c)
			if err != nil {
				return fmt.Errorf("create bucket %q: %w", c.Name, err)
			}
			made[c.Name] = b
		}
		return nil
	}
	err := create(
		lattice.BucketConfig{Name: s.buckets.Desired(), Description: "what each host ought to run", MaxBytes: desiredBytes},
		lattice.BucketConfig{Name: s.buckets.Components(), Description: "which hosts may be called for each component", MaxBytes: componentsBytes},
		lattice.BucketConfig{Name: s.buckets.Links(), Description: "links between components and providers", MaxBytes: linksBytes},
		lattice.BucketConfig{Name: s.buckets.Config(), Description: "configurations", MaxBytes: configBytes},
		lattice.BucketConfig{Name: s.buckets.Scheduler(), Description: "which scheduler leads", MaxBytes: leaderBytes},
		lattice.BucketConfig{Name: s.buckets.KeyValue(), Description: "keys and values of components", MaxBytes: keyValueBytes},
		lattice.BucketConfig{Name: s.buckets.Blobs(), Description: "blobs of components", MaxBytes: blobsBytes},
	)
	if err != nil {
		return nil, nil, err
	}
	objects, err := s.lattice.Objects(ctx, s.buckets.Artifacts(), true)
	if err != nil {
		return nil, nil, fmt.Errorf("create object store %q: %w", s.buckets.Artifacts(), err)
	}
	err = s.lattice.CreateStream(ctx, lattice.StreamConfig{
		Name:        s.buckets.Events(),
		Description: "events of the lattice",
		Subjects:    []string{s.subjects.Events()},
		MaxAge:      eventsAge,
		MaxBytes:    eventsBytes,
		MaxMessages: eventsNumber,
		Replicas:    s.opts.Replicas,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("create stream %q: %w", s.buckets.Events(), err)
	}
	return made, objects, create(
		lattice.BucketConfig{Name: s.buckets.Hosts(), Description: "what hosts report of themselves", TTL: reportTTL, MaxBytes: hostsBytes},
		lattice.BucketConfig{Name: s.buckets.Catalogue(), Description: "what MCP servers offer", TTL: listingTTL, MaxBytes: catalogueBytes},
		lattice.BucketConfig{Name: s.buckets.Ready(), Description: "which hosts take calls for which components", TTL: reportTTL, MaxBytes: readyBytes},
	)
}

// lookEvery is how often the service looks whether what it has made is there.
const lookEvery = 5 * time.Second

// keep makes anew what somebody has removed, until ctx ends. Watches find then that
// all is gone, and it is written anew.
func (s *Service) keep(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.lattice.Connected() {
			continue
		}
		lacking, err := s.lacking(ctx)
		if lacking {
			s.log.WarnContext(ctx, "buckets or streams are gone and are made anew", "lattice", string(s.name), "error", err)
			_, _, err = s.found(ctx)
		}
		if err != nil && ctx.Err() == nil && !failing {
			s.log.WarnContext(ctx, "what the lattice needs cannot be made: documents may not be written", "error", err)
		}
		failing = err != nil
	}
}

// lacking reports whether something is not there that found makes. It changes
// nothing: another service may have made it otherwise.
func (s *Service) lacking(ctx context.Context) (bool, error) {
	var err error
	for _, name := range []string{
		s.buckets.Desired(), s.buckets.Components(), s.buckets.Links(), s.buckets.Config(), s.buckets.Scheduler(), s.buckets.Hosts(), s.buckets.Ready(),
		s.buckets.KeyValue(), s.buckets.Blobs(), s.buckets.Catalogue(),
	} {
		if _, err = s.lattice.Bucket(ctx, name); err != nil {
			return errors.Is(err, lattice.ErrNotFound), err
		}
	}
	if _, err = s.lattice.Objects(ctx, s.buckets.Artifacts(), false); err == nil {
		err = s.lattice.Replay(ctx, s.buckets.Events(), s.subjects.Events(), time.Now(), func(*lattice.Message) error { return nil })
	}
	return errors.Is(err, lattice.ErrNotFound), err
}
