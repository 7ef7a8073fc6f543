package natsobjects_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
)

// TestContainers: those of all stores are found, and keys that somebody else made up are
// none of them.
func TestContainers(t *testing.T) {
	l := member(t, memlattice.New(memlattice.Options{}))
	create(t, l)
	for _, name := range []natsobjects.Name{natsobjects.Named("site"), natsobjects.Own("shop")} {
		s := natsobjects.Open(l, bucket, name, natsobjects.Limits{})
		for _, container := range []string{"pages", "a/b c"} {
			if err := s.CreateContainer(t.Context(), container); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := l.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"other.site.c.x", "bucket.=.c.x", "bucket.site.c.=", "bucket.site.o.x", "bucket.site.c.x.y", "c"} {
		if _, err := b.Put(t.Context(), key, nil); err != nil {
			t.Fatal(err)
		}
	}
	found, err := natsobjects.Containers(t.Context(), l, bucket)
	if err != nil {
		t.Fatal(err)
	}
	type container struct{ bucket, component, name string }
	var got []container
	for _, c := range found {
		got = append(got, container{c.Bucket, string(c.Component), c.Name})
		if c.Created.Equal(time.Time{}) {
			t.Errorf("container %q has no time", c.Name)
		}
	}
	slices.SortFunc(got, func(a, b container) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.name, b.name))
	})
	want := []container{{"", "shop", "a/b c"}, {"", "shop", "pages"}, {"site", "", "a/b c"}, {"site", "", "pages"}}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(container{})); diff != "" {
		t.Error(diff)
	}
}
