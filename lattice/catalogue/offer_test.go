package catalogue_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

func TestOffer(t *testing.T) {
	c := &catalogue.Contents{Tools: []json.RawMessage{
		tool("delete_all"), tool("get", `"title":"Get","annotations":{"readOnlyHint":true,"x":1}`), tool("hidden"), tool("list_a"), tool("list_b", `"description":"old"`), tool("put"),
	}}
	m := &lattice.MCP{
		TimeoutMillis: 5000, Rate: 60,
		Allow: []string{"list_*", "get", "*ide*", "delete_*"}, Deny: []string{"*_all"},
		Tools: map[string]lattice.ToolRule{
			"get":    {Annotations: json.RawMessage(`{"idempotentHint":true, "readOnlyHint":false}`), TimeoutMillis: 100, Rate: 1},
			"hidden": {Hidden: true},
			"list_b": {Name: "ls", Title: "List <b>", Description: "new"},
		},
	}
	got, problems := catalogue.Offer(c, m)
	want := []catalogue.Tool{
		{
			Own: "get", Name: "get", Title: "Get", TimeoutMillis: 100, Rate: 1, Idempotent: true, Destructive: true, OpenWorld: true,
			Definition: json.RawMessage(`{"name":"get","inputSchema":{"type":"object"},"title":"Get","annotations":{"readOnlyHint":false,"x":1,"idempotentHint":true}}`),
		},
		{Own: "list_a", Name: "list_a", TimeoutMillis: 5000, Rate: 60, Destructive: true, OpenWorld: true, Definition: tool("list_a")},
		{
			Own: "list_b", Name: "ls", Title: "List <b>", Description: "new", TimeoutMillis: 5000, Rate: 60, Destructive: true, OpenWorld: true,
			Definition: json.RawMessage(`{"name":"ls","inputSchema":{"type":"object"},"description":"new","title":"List <b>"}`),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	if string(c.Tools[4]) != string(tool("list_b", `"description":"old"`)) {
		t.Error("the listing was changed")
	}
}

func TestOfferOneNameTwice(t *testing.T) {
	c := &catalogue.Contents{Tools: []json.RawMessage{tool("a"), tool("b"), tool("c")}}
	got, problems := catalogue.Offer(c, &lattice.MCP{Tools: map[string]lattice.ToolRule{"a": {Name: "b"}}})
	if len(got) != 1 || got[0].Own != "c" || len(problems) != 2 {
		t.Errorf("%+v, problems %q", got, problems)
	}
	if got[0].TimeoutMillis != lattice.DefaultMCPTimeout {
		t.Errorf("its timeout is %d ms", got[0].TimeoutMillis)
	}
	got, problems = catalogue.Offer(c, &lattice.MCP{Tools: map[string]lattice.ToolRule{"a": {Name: "b"}, "b": {Hidden: true}}})
	if len(got) != 2 || len(problems) > 0 {
		t.Errorf("%+v, problems %q", got, problems)
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "acb", false},
		{"*b*", "abc", true},
		{"**", "x", true},
		{"*ab*ab", "ab", false},
		{"*ab*ab", "abab", true},
		{strings.Repeat("*a", 8), strings.Repeat("a", 128), true},
		{strings.Repeat("*a", 8) + "*b", strings.Repeat("a", 128), false},
	} {
		if got := catalogue.Match(test.pattern, test.name); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.pattern, test.name, got)
		}
	}
}

func TestSet(t *testing.T) {
	for _, test := range []struct{ object, want string }{
		{`{}`, `{"name":"x"}`},
		{`{"a":{"name":1},"b":[]}`, `{"a":{"name":1},"b":[],"name":"x"}`},
		{`{"name":{"a":"}"},"b":1.0}`, `{"name":"x","b":1.0}`},
		{`{"a":"\"","n\u0061me":[1,2]}`, `{"a":"\"","n\u0061me":"x"}`},
		{`[]`, `[]`},
	} {
		if got := catalogue.Set([]byte(test.object), "name", []byte(`"x"`)); string(got) != test.want {
			t.Errorf("%s becomes %s, want %s", test.object, got, test.want)
		}
	}
}
