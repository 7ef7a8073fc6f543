package catalogue_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// FuzzClean has a server say anything. What is left of it is clean, can be written and
// read back, and can be offered.
func FuzzClean(f *testing.F) {
	f.Add([]byte(`{"name":"a","inputSchema":{"type":"object"}}`), "text")
	f.Add([]byte(`{"uri":"test://a","uriTemplate":"x","name":"a","inputSchema":{"type":"object","$ref":"#"},"annotations":{}}`), "a\u200db")
	f.Add([]byte("{\"name\":\"\\ud800\",\"n\\u0061me\":[{\"\":{}}],\"inputSchema\":{\"type\":\"object\"}}"), "\xff")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		all := []json.RawMessage{data, data[:len(data)/2]}
		said := &catalogue.Contents{
			Versions: []string{text}, ServerInfo: data, Capabilities: data, Instructions: text,
			Tools: all, Prompts: all, Resources: all, Templates: all, Problems: []string{text},
		}
		c := catalogue.Clean(said)
		if diff := cmp.Diff(c, catalogue.Clean(c)); diff != "" {
			t.Fatalf("what is clean changes (-want +got):\n%s", diff)
		}
		want := listing(*c)
		doc, err := catalogue.Encode(want)
		if errors.Is(err, lattice.ErrExhausted) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := catalogue.Decode(doc, host, "c")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("read back (-want +got):\n%s", diff)
		}
		if tools, problems := catalogue.Offer(c, &lattice.MCP{}); len(tools) != len(c.Tools) || len(problems) > 0 {
			t.Fatalf("%d of %d tools are offered: %q", len(tools), len(c.Tools), problems)
		}
	})
}

// FuzzDecode reads what is no listing, or one that is not clean.
func FuzzDecode(f *testing.F) {
	doc, err := catalogue.Encode(listing(catalogue.Contents{Tools: []json.RawMessage{tool("a")}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Fuzz(func(t *testing.T, doc []byte) {
		l, err := catalogue.Decode(doc, host, "c")
		if err != nil {
			return
		}
		if diff := cmp.Diff(&l.Contents, catalogue.Clean(&l.Contents)); diff != "" {
			t.Fatalf("it is not clean (-want +got):\n%s", diff)
		}
	})
}
