package oci_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
)

// What cosign 3.1.3 itself has signed is accepted by its key alone. testdata/cosign.json is
// of an image with the binary target.wasm of host/component/testdata, signed with a key of
// each kind that `cosign import-key-pair` takes, with
//
//	cosign sign --use-signing-config=false --tlog-upload=false --new-bundle-format=…
//
// as a tag beside the image and as a bundle that refers to it.
func TestCosign(t *testing.T) {
	text, err := os.ReadFile("testdata/cosign.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Key  string
		Provenance *oci.Provenance
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 10 {
		t.Fatalf("%d cases", len(cases))
	}
	binary, err := os.ReadFile("../../host/component/testdata/target.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for _, by := range cases {
				key, err := oci.ParseKey(by.Key)
				if err != nil {
					t.Fatal(err)
				}
				policy := &oci.Policy{Rules: []oci.Rule{{Match: "*", Keys: []oci.Key{key}}}}
				err = policy.Allows(sum(binary), c.Provenance)
				if by.Key == c.Key && err != nil || by.Key != c.Key && !errors.Is(err, lattice.ErrDenied) {
					t.Errorf("by the key of %s: %v", by.Name, err)
				}
				if by.Key != c.Key {
					continue
				}
				for i := range c.Provenance.Signatures {
					c.Provenance.Signatures[i].Payload[100] ^= 1
					if err := policy.Allows(sum(binary), c.Provenance); !errors.Is(err, lattice.ErrDenied) {
						t.Errorf("with another payload: %v", err)
					}
					c.Provenance.Signatures[i].Payload[100] ^= 1
				}
			}
		})
	}
}
