package hostdir_test

import (
	"testing"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

func open(t *testing.T, name string, opts hostdir.Options) filesystem.Dir {
	t.Helper()
	d, err := hostdir.Open(name, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestContract(t *testing.T) {
	filesystemtest.Run(t, filesystemtest.Kind{}, func(t *testing.T) filesystem.Dir {
		return open(t, t.TempDir(), hostdir.Options{Writable: true})
	})
}

func TestContractReadOnly(t *testing.T) {
	filesystemtest.RunReadOnly(t, filesystemtest.Kind{}, func(t *testing.T) filesystem.Dir {
		root := t.TempDir()
		d := open(t, root, hostdir.Options{Writable: true})
		filesystemtest.Plant(t, d, filesystemtest.Kind{}.Fixture())
		return open(t, root, hostdir.Options{})
	})
}

func TestContractLimits(t *testing.T) {
	filesystemtest.RunLimits(t, filesystemtest.Kind{}, func(t *testing.T) filesystem.Dir {
		return open(t, t.TempDir(), hostdir.Options{Writable: true, Limits: filesystemtest.Limits, MaxFileSize: 1 << 30})
	})
	// Counting changes nothing else.
	filesystemtest.Run(t, filesystemtest.Kind{}, func(t *testing.T) filesystem.Dir {
		return open(t, t.TempDir(), hostdir.Options{Writable: true, Limits: filesystem.Limits{Bytes: 1 << 30, Files: 1000, Depth: 20}})
	})
}
