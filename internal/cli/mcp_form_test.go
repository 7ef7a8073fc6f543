package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
)

const formSchema = `{"type":"object","required":["name","size","tags"],"properties":{
	"age": {"type":"integer"}, "agree": {"type":"boolean","default":true}, "name": {"type":"string","title":"Your name","description":"As in\u001b[8m passports"},
	"rate": {"type":"number"}, "size": {"type":"string","oneOf":[{"const":"s","title":"Small"},{"const":"l","title":"Large"}]},
	"tags": {"type":"array","items":{"enum":["a","b","c"]}}, "unit": {"type":"string","enum":["kg","lb"]}}}`

func TestForm(t *testing.T) {
	question := &mcpclient.Question{Message: "Tell me.\x1b[2J", Schema: json.RawMessage(formSchema)}
	for _, c := range []struct {
		what, written string
		want          string // the answer as JSON
	}{
		{"everything", "Ada\n2\n1, c\n36\nn\n0.5\nlb\n", `{"age":36,"agree":false,"name":"Ada","rate":0.5,"size":"l","tags":["a","c"],"unit":"lb"}`},
		{"as little as can be", "Ada\ns\n\n\n\n\n\n", `{"agree":true,"name":"Ada","size":"s","tags":[]}`},
		{"wrong at first", "Ada\n3\nx\n1\nd\nb\nold\n7.5\n7\nperhaps\nyes\n\"1\"\n1e3\n0\nkg\n", `{"age":7,"agree":true,"name":"Ada","rate":1e3,"size":"s","tags":["b"],"unit":"kg"}`},
		{"the end", "Ada\n", ``},
		{"nothing", "", ``},
	} {
		var out strings.Builder
		a, err := newForm(strings.NewReader(c.written), &out).ask(question)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if c.want == "" {
			if a.Action != "decline" || a.Content != nil {
				t.Errorf("%s: %+v", c.what, a)
			}
			continue
		}
		got, err := json.Marshal(a.Content)
		if err != nil || a.Action != "accept" {
			t.Errorf("%s: %+v, %v", c.what, a, err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: what a tool says changes the terminal: %q", c.what, out.String())
		}
	}
}

func TestFormOfURL(t *testing.T) {
	q := &mcpclient.Question{Message: "Log in.", URL: "https://example.com/login"}
	var out strings.Builder
	if a, err := newForm(strings.NewReader("\n"), &out).ask(q); err != nil || a.Action != "accept" || !strings.Contains(out.String(), q.URL) {
		t.Errorf("%+v, %v: %s", a, err, out.String())
	}
	if a, err := newForm(strings.NewReader(""), &out).ask(q); err != nil || a.Action != "decline" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := newForm(strings.NewReader(strings.Repeat("x", maxAnswer+1)), &out).ask(q); err == nil {
		t.Error("a line without end is taken")
	}
	if _, err := newForm(strings.NewReader(""), &out).ask(&mcpclient.Question{Schema: json.RawMessage(`[]`)}); err == nil {
		t.Error("a form that is none is taken")
	}
}

func TestSplitTool(t *testing.T) {
	for _, c := range []struct{ in, server, tool string }{
		{"shop.order", "shop", "order"},
		{"shop.a.b", "shop", "a.b"},
		{"shop_order", "", "shop_order"},
		{"shop_a.b", "", "shop_a.b"},
		{"Shop.order", "", "Shop.order"},
		{"order", "", "order"},
	} {
		if server, tool := splitTool(c.in); string(server) != c.server || tool != c.tool {
			t.Errorf("%q is %q of %q, want %q of %q", c.in, tool, server, c.tool, c.server)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"/a/b-c.d": "/a/b-c.d", "a b": "'a b'", "$x": "'$x'", "it's": `'it'\''s'`, "": "''"} {
		if got := shellQuote(in); got != want {
			t.Errorf("%q is quoted %s, want %s", in, got, want)
		}
	}
}
