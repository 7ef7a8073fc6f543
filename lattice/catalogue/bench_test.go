package catalogue_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// BenchmarkDecode reads the listing of a server of many tools, and of one that is as large
// as one can be.
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name  string
		tools int
		text  string
	}{
		{"tools=1000", 1000, strings.Repeat("what it does, ", 20)},
		{"largest", 40, strings.Repeat(`a\u0041`, 200<<10/7)},
	} {
		var contents catalogue.Contents
		for i := range c.tools {
			contents.Tools = append(contents.Tools, json.RawMessage(fmt.Sprintf(
				`{"name":"t%05d","description":"%s","inputSchema":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","minimum":0}},"required":["a"]}}`, i, c.text)))
		}
		doc, err := catalogue.Encode(listing(contents))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if _, err := catalogue.Decode(doc, host, "c"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
