package memfs_test

import (
	"testing"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
)

func TestTree(t *testing.T) {
	filesystemtest.Run(t, filesystemtest.Kind{}, func(*testing.T) filesystem.Dir { return memfs.New(filesystem.Limits{}).Root() })
}

func TestTreeLimits(t *testing.T) {
	filesystemtest.RunLimits(t, filesystemtest.Kind{}, func(*testing.T) filesystem.Dir { return memfs.New(filesystemtest.Limits).Root() })
}

// A copy of a template does what a tree does.
func TestCopy(t *testing.T) {
	empty := memfs.New(filesystem.Limits{}).Template()
	filesystemtest.Run(t, filesystemtest.Kind{}, func(*testing.T) filesystem.Dir { return empty.Copy(filesystem.Limits{}).Root() })
	filesystemtest.RunLimits(t, filesystemtest.Kind{}, func(*testing.T) filesystem.Dir { return empty.Copy(filesystemtest.Limits).Root() })
}

func template(t *testing.T, files map[string]string) *memfs.Template {
	t.Helper()
	tree := memfs.New(filesystem.Limits{})
	filesystemtest.Plant(t, tree.Root(), files)
	return tree.Template()
}

func TestTemplate(t *testing.T) {
	filesystemtest.RunReadOnly(t, filesystemtest.Kind{}, func(t *testing.T) filesystem.Dir {
		return template(t, filesystemtest.Kind{}.Fixture()).Root()
	})
}
