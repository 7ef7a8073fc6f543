package natskv_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/keyvalue"
	"github.com/wattle-dev/wattle/providers/keyvalue/natskv"
)

// TestStores: stores are found with how many keys they have, over more than one page, and
// keys that somebody else made up are in none of them.
func TestStores(t *testing.T) {
	l := member(t, memlattice.New(memlattice.Options{}))
	create(t, l)
	for range 2 {
		set(t, natskv.Open(l, bucket, natskv.Own("shop"), natskv.Limits{}), keyvalue.PageKeys+1)
		set(t, natskv.Open(l, bucket, natskv.Named("a.b/c"), natskv.Limits{}), 2)
	}
	b, err := l.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"other.site.x", "bucket.=.x", "bucket.site.x.y", "x"} {
		if _, err := b.Put(t.Context(), key, nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := natskv.Stores(t.Context(), l, bucket)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b natskv.Info) int { return strings.Compare(a.Bucket, b.Bucket) })
	want := []natskv.Info{{Component: "shop", Keys: keyvalue.PageKeys + 1}, {Bucket: "a.b/c", Keys: 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// set sets n keys.
func set(t *testing.T, s keyvalue.Store, n int) {
	t.Helper()
	for i := range n {
		if err := s.Set(t.Context(), fmt.Sprintf("key %d", i), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
}
