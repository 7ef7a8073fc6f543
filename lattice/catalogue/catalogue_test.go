package catalogue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// tool returns a definition with members besides, each after a comma.
func tool(name string, more ...string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":%q,"inputSchema":{"type":"object"}%s}`, name, strings.Join(append([]string{""}, more...), ",")))
}

func raw(texts ...string) []json.RawMessage {
	var all []json.RawMessage
	for _, t := range texts {
		all = append(all, json.RawMessage(t))
	}
	return all
}

func texts(all []json.RawMessage) []string {
	var out []string
	for _, r := range all {
		out = append(out, string(r))
	}
	return out
}

func TestCleanKeepsWhatIsRight(t *testing.T) {
	said := &catalogue.Contents{
		Versions:     []string{"2025-06-18", "2026-07-28", "2025-06-18"},
		ServerInfo:   json.RawMessage(` {"name" : "x", "version":"1.0", "icons":[]} `),
		Capabilities: json.RawMessage(`{"tools":{"listChanged":true}}`),
		Instructions: "Two\nlines, with an emoji 👩‍💻 and 1️⃣.",
		Tools: []json.RawMessage{
			tool("b", `"x-unknown":{"n":12345678901234567890.10}`),
			json.RawMessage("{\n \"inputSchema\": {\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}},\"$defs\":{\"a\":{}}}, \"name\":\"A.b-c_1\"}"),
		},
		Prompts:   raw(`{"name":"zwei Wörter"}`, `{"name":"a","arguments":[]}`),
		Resources: raw(`{"uri":"test://b","name":"b"}`, `{"uri":"file:///a","name":"a","mimeType":"text/plain"}`),
		Templates: raw(`{"uriTemplate":"test://{id}/data","name":"t"}`),
	}
	c := catalogue.Clean(said)
	if len(c.Problems) > 0 {
		t.Fatalf("problems: %q", c.Problems)
	}
	if diff := cmp.Diff([]string{"2026-07-28", "2025-06-18"}, c.Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if string(c.ServerInfo) != `{"name":"x","version":"1.0","icons":[]}` || c.Instructions != said.Instructions {
		t.Errorf("serverInfo %s, instructions %q", c.ServerInfo, c.Instructions)
	}
	want := []string{
		`{"inputSchema":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{}}},"name":"A.b-c_1"}`,
		`{"name":"b","inputSchema":{"type":"object"},"x-unknown":{"n":12345678901234567890.10}}`,
	}
	if diff := cmp.Diff(want, texts(c.Tools)); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`{"uri":"file:///a","name":"a","mimeType":"text/plain"}`, `{"uri":"test://b","name":"b"}`}, texts(c.Resources)); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if len(c.Prompts) != 2 || len(c.Templates) != 1 {
		t.Errorf("%d prompts, %d templates", len(c.Prompts), len(c.Templates))
	}
	if diff := cmp.Diff(c, catalogue.Clean(c)); diff != "" {
		t.Errorf("what is clean changes (-want +got):\n%s", diff)
	}
}

func TestCleanLeavesOut(t *testing.T) {
	deep := strings.Repeat(`{"a":`, catalogue.MaxDepth) + "1" + strings.Repeat("}", catalogue.MaxDepth)
	for _, test := range []struct{ tool, problem string }{
		{`17`, "it is no object"},
		{`null`, "it is no object"},
		{`{"name":"a"`, "it is no JSON"},
		{`{"name":"a","inputSchema":{"type":"object"}} {}`, "it is no JSON"},
		{"{\"name\":\"a\xff\",\"inputSchema\":{\"type\":\"object\"}}", "not UTF-8"},
		{`{"inputSchema":{"type":"object"}}`, `"name" is no string`},
		{`{"name":7,"inputSchema":{"type":"object"}}`, `"name" is no string`},
		{string(tool("")), "cannot name a tool"},
		{string(tool("a b")), "cannot name a tool"},
		{string(tool("ä")), "cannot name a tool"},
		{string(tool("a/b")), "cannot name a tool"},
		{string(tool(strings.Repeat("a", 129))), "cannot name a tool"},
		{`{"name":"a","name":"b","inputSchema":{"type":"object"}}`, "twice"},
		{`{"name":"a","n\u0061me":"b","inputSchema":{"type":"object"}}`, "twice"},
		{string(tool("a", `"_meta":{"x":{"y":1,"y":2}}`)), "twice"},
		{`{"name":"a"}`, `"inputSchema": it is no object`},
		{`{"name":"a","inputSchema":true}`, `"inputSchema": it is no object`},
		{`{"name":"a","inputSchema":{}}`, `not of type "object"`},
		{`{"name":"a","inputSchema":{"type":["object"]}}`, `not of type "object"`},
		{`{"name":"a","inputSchema":{"type":"object","properties":{"p":{"$ref":"https://evil.example/s.json"}}}}`, "outside of the document"},
		{`{"name":"a","inputSchema":{"type":"object","items":[{"$dynamicRef":"other.json#x"}]}}`, "outside of the document"},
		{string(tool("a", `"outputSchema":[]`)), `"outputSchema" is no object`},
		{string(tool("a", `"outputSchema":{"$ref":"file:///etc/passwd"}`)), "outside of the document"},
		{string(tool("a", `"annotations":7`)), `"annotations" is no object`},
		{string(tool("a", `"title":7`)), `"title" is no string`},
		{string(tool("a", `"description":{}`)), `"description" is no string`},
		{string(tool("a", `"x":`+deep)), "nested more than 64 deep"},
		{string(tool("a", `"x":"`+strings.Repeat("x", catalogue.MaxDefinition)+`"`)), "the limit is 262144"},
		// Text that people do not see.
		{string(tool("a", `"description":"do not \u202e tell"`)), "U+202E"},
		{string(tool("a", "\"description\":\"zero\u200bwidth\"")), "U+200B"},
		{string(tool("a", `"description":"tag \udb40\udc41"`)), "U+E0041"},
		{string(tool("a", `"description":"\u001b[8mhidden"`)), "U+001B"},
		{string(tool("a", `"description":"a\u0000b"`)), "U+0000"},
		{string(tool("a", `"description":"joined\u200dletters"`)), "U+200D"},
		{string(tool("a", `"description":"x\ufe0f\ufe0f"`)), "U+FE0F"},
		{string(tool("a", `"description":"\udb40\udd00"`)), "U+E0100"},
		{string(tool("a", `"description":"\u3164"`)), "U+3164"},
		{string(tool("a", `"description":"\u2028"`)), "U+2028"},
		{string(tool("a", `"title":"\u2066x\u2069"`)), "U+2066"},
		{string(tool("a", `"annotations":{"title":"\u200e"}`)), "U+200E"},
		{`{"name":"a","inputSchema":{"type":"object","properties":{"p":{"description":"\u2062"}}}}`, "U+2062"},
		{`{"name":"a","inputSchema":{"type":"object","properties":{"p\u200b":{}}}}`, "U+200B"},
	} {
		c := catalogue.Clean(&catalogue.Contents{Tools: append(raw(test.tool), tool("good"))})
		if len(c.Tools) != 1 || len(c.Problems) != 1 || !strings.Contains(c.Problems[0], test.problem) {
			t.Errorf("%.100s: %d tools, problems %q, want one with %q", test.tool, len(c.Tools), c.Problems, test.problem)
		}
	}
}

func TestCleanLeavesOutOthers(t *testing.T) {
	c := catalogue.Clean(&catalogue.Contents{
		Versions:     []string{"2026-07-28", "latest", "2026-7-28", "2026-07-28\n"},
		ServerInfo:   json.RawMessage(`[]`),
		Capabilities: json.RawMessage(`{"a":1,"a":2}`),
		Instructions: "hidden \u2063",
		Tools:        []json.RawMessage{tool("same"), tool("b"), tool("same", `"title":"another"`)},
		Prompts:      raw(`{"name":""}`, `{"name":" a"}`, `{"name":"a","arguments":{}}`, `{"name":"a\nb"}`),
		Resources:    raw(`{"uri":"no scheme","name":"x"}`, `{"uri":"a","name":"x"}`, `{"uri":"test://x"}`, `{"uri":"test://\u0001","name":"x"}`, `{"uri":"%zz://","name":"x"}`),
		Templates:    raw(`{"uriTemplate":"","name":"x"}`, `{"uriTemplate":"a b","name":"x"}`),
	})
	if got := texts(c.Tools); !slices.Equal(got, []string{string(tool("b"))}) {
		t.Errorf("tools: %q", got)
	}
	if len(c.Prompts)+len(c.Resources)+len(c.Templates)+len(c.ServerInfo)+len(c.Capabilities)+len(c.Instructions) > 0 || len(c.Versions) != 1 {
		t.Errorf("left: %+v", c)
	}
	if len(c.Problems) != 3+3+1+4+5+2 {
		t.Errorf("%d problems: %q", len(c.Problems), c.Problems)
	}
}

func TestCleanIsBounded(t *testing.T) {
	var many, bad, large []json.RawMessage
	for i := range catalogue.MaxDefinitions + 3 {
		many = append(many, tool(fmt.Sprintf("t%05d", i)))
		bad = append(bad, json.RawMessage(`{"name":"`+strings.Repeat("\\u202e", 30)+`"}`))
	}
	for i := range 40 {
		large = append(large, tool(fmt.Sprintf("t%05d", i), `"description":"`+strings.Repeat("x", catalogue.MaxDefinition-100)+`"`))
	}
	c := catalogue.Clean(&catalogue.Contents{Tools: many})
	if len(c.Tools) != catalogue.MaxDefinitions || len(c.Problems) != 1 {
		t.Errorf("%d tools of %d, problems %q", len(c.Tools), len(many), c.Problems)
	}
	c = catalogue.Clean(&catalogue.Contents{Tools: bad})
	if len(c.Tools) != 0 || len(c.Problems) != catalogue.MaxProblems || c.Problems[catalogue.MaxProblems-1] != "there are more problems" {
		t.Errorf("%d tools, %d problems", len(c.Tools), len(c.Problems))
	}
	for _, p := range c.Problems {
		if len(p) > catalogue.MaxProblem || !wire.Printable(p) {
			t.Errorf("problem %q", p)
		}
	}
	if diff := cmp.Diff(c.Problems, catalogue.Clean(c).Problems); diff != "" {
		t.Errorf("the problems change (-want +got):\n%s", diff)
	}
	c = catalogue.Clean(&catalogue.Contents{Tools: large})
	total := 0
	for _, d := range c.Tools {
		total += len(d)
	}
	if total > catalogue.MaxListing || len(c.Tools) == len(large) || len(c.Tools) == 0 {
		t.Errorf("%d tools of %d bytes", len(c.Tools), total)
	}
}

var (
	host   = lattice.HostID("N" + strings.Repeat("A", 55))
	digest = "sha256:" + strings.Repeat("0", 64)
)

func listing(c catalogue.Contents) *catalogue.Listing {
	return &catalogue.Listing{Component: "c", Host: host, Digest: digest, Revision: 7, Contents: c}
}

func TestEncode(t *testing.T) {
	want := listing(catalogue.Contents{
		Versions: []string{"2026-07-28"}, ServerInfo: json.RawMessage(`{"name":"<x> & y"}`), Instructions: "<b>\u00a0",
		Tools: []json.RawMessage{tool("a", `"description":"<script>"`), tool("b")}, Problems: []string{"something is wrong"},
	})
	data, err := catalogue.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := catalogue.Decode(data, host, "c")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	again, err := catalogue.Encode(got)
	if err != nil || string(again) != string(data) {
		t.Errorf("the same listing is other bytes: %v", err)
	}
	if _, err := catalogue.Decode(data, host, "d"); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("under another key: %v", err)
	}
}

func TestEncodeRefusesWhatIsNotClean(t *testing.T) {
	for _, c := range []catalogue.Contents{
		{Tools: []json.RawMessage{tool("b"), tool("a")}},
		{Tools: []json.RawMessage{tool("a"), tool("a")}},
		{Tools: raw(`{"name":"a"}`)},
		{Versions: []string{"2025-06-18", "2026-07-28"}},
		{Instructions: "\u202e"},
		{Problems: []string{"two\nlines"}},
	} {
		if _, err := catalogue.Encode(listing(c)); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestEncodeIsBounded(t *testing.T) {
	var all []json.RawMessage
	seed := uint64(1)
	for i := range catalogue.MaxDefinitions {
		var noise strings.Builder
		for range 100 {
			seed = seed*6364136223846793005 + 1442695040888963407
			fmt.Fprintf(&noise, "%016x", seed)
		}
		all = append(all, tool(fmt.Sprintf("t%05d", i), `"description":"`+noise.String()+`"`))
	}
	if _, err := catalogue.Encode(listing(catalogue.Contents{Tools: all})); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("a listing that does not fit even compressed: %v", err)
	}
	if _, err := catalogue.Encode(listing(catalogue.Contents{Tools: all[:400]})); err != nil {
		t.Errorf("one that fits: %v", err)
	}
}
