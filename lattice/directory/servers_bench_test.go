package directory_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// BenchmarkServerChange is a change of what one server offers, until readers see it, while
// there are others.
func BenchmarkServerChange(b *testing.B) {
	for _, n := range []int{10, 1000, 5000} {
		b.Run(fmt.Sprintf("servers=%d", n), func(b *testing.B) {
			network := memlattice.New(memlattice.Options{})
			l, err := network.Join("all")
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			names := wire.Buckets{Lattice: "l"}
			buckets := map[string]lattice.Bucket{}
			for _, name := range []string{names.Components(), names.Ready(), names.Catalogue()} {
				if buckets[name], err = l.CreateBucket(b.Context(), lattice.BucketConfig{Name: name}); err != nil {
					b.Fatal(err)
				}
			}
			put := func(bucket, who, key string, value []byte, err error) {
				if err == nil {
					_, err = buckets[bucket].Put(b.Context(), key, seal(who, bucket, key, value))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			list := func(i, tools int) {
				l := &catalogue.Listing{Component: lattice.ComponentID(fmt.Sprintf("s%d", i)), Host: host(1), Digest: digest(1)}
				for t := range tools {
					l.Tools = append(l.Tools, json.RawMessage(fmt.Sprintf(`{"name":"t%04d","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}`, t)))
				}
				value, err := catalogue.Encode(l)
				put(names.Catalogue(), string(host(1)), wire.ReadyKey(host(1), l.Component), value, err)
			}
			for i := range n {
				a := server(fmt.Sprintf("s%d", i), 1, 1, host(1))
				value, err := wire.EncodeAssignment(a)
				put(names.Components(), "scheduler", string(a.Component), value, err)
				list(i, 10)
			}
			d := directory.New(l, "l", verifier{}, nil)
			c := directory.NewCatalogue(d)
			known := c.ServersChanged()
			go func() { _ = d.Run(b.Context()) }()
			go func() { _ = c.Run(b.Context()) }()
			<-known
			if len(c.All()) != n {
				b.Fatalf("%d servers", len(c.All()))
			}
			for i := 1; b.Loop(); i++ {
				changed := c.ServersChanged()
				list(n/2, 10+i%2)
				<-changed
			}
		})
	}
}
