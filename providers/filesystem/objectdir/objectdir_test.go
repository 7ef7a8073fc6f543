package objectdir_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/objectdir"
)

// kind is what objects have not.
var kind = filesystemtest.Kind{NoHardLinks: true, NoSymlinks: true, NoTimes: true, NoOpenRemoved: true}

// store returns a store of objects.
func store(t *testing.T) blobstore.Store {
	t.Helper()
	l, err := memlattice.New(memlattice.Options{}).Join("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: "blobs"}); err != nil {
		t.Fatal(err)
	}
	s := blobstore.Limit(natsobjects.Open(l, "blobs", natsobjects.Named("test"), natsobjects.Limits{}), blobstore.Limits{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// failed has tests fail for what could not be stored.
func failed(t *testing.T) func(string, error) {
	return func(path string, err error) { t.Errorf("store %q: %v", path, err) }
}

func background() context.Context { return context.Background() }

func root(t *testing.T, o objectdir.Options) filesystem.Dir {
	t.Helper()
	o.Container = "files"
	if o.Failed == nil {
		o.Failed = failed(t)
	}
	return objectdir.New(o).Root(background)
}

func TestContract(t *testing.T) {
	s := store(t)
	var n atomic.Int64
	fresh := func(t *testing.T, l filesystem.Limits) filesystem.Dir {
		return root(t, objectdir.Options{Store: s, Prefix: fmt.Sprintf("%d/", n.Add(1)), Writable: true, Limits: l})
	}
	filesystemtest.Run(t, kind, func(t *testing.T) filesystem.Dir { return fresh(t, filesystem.Limits{}) })
	filesystemtest.RunLimits(t, kind, func(t *testing.T) filesystem.Dir { return fresh(t, filesystemtest.Limits) })
	filesystemtest.RunReadOnly(t, kind, func(t *testing.T) filesystem.Dir {
		filesystemtest.Plant(t, root(t, objectdir.Options{Store: s, Prefix: "ro/", Writable: true}), kind.Fixture())
		return root(t, objectdir.Options{Store: s, Prefix: "ro/"})
	})
}
