package typed_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/mcp/typed"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// recipes is a server of wattle:mcp.
const recipes = "../../../examples/tools-wattle/recipes.wasm"

func names(t *testing.T, definitions []json.RawMessage, member string) (all []string) {
	t.Helper()
	for _, text := range definitions {
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(m[member]))
	}
	return all
}

func TestWattleList(t *testing.T) {
	s := serve(t, recipes, lattice.MCPWattle, nil)
	said, again, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := catalogue.Clean(said)
	if len(clean.Problems) > 0 || again != 0 {
		t.Errorf("problems %q, again after %v", clean.Problems, again)
	}
	for _, c := range []struct{ got, want any }{
		{names(t, clean.Tools, "name"), []string{"order", "scale", "shopping-list"}},
		{names(t, clean.Resources, "uri"), []string{"recipe:bread", "recipe:pancakes", "recipe:risotto"}},
		{names(t, clean.Templates, "uriTemplate"), []string{"recipe:{name}"}},
		{names(t, clean.Prompts, "name"), []string{"cook"}},
		{string(clean.ServerInfo), `{"name":"recipes","title":"Recipes","version":"1.0.0"}`},
		{string(clean.Capabilities), `{"logging":{},"tools":{},"resources":{},"prompts":{},"completions":{}}`},
		{clean.Instructions, "Amounts are in grams. Ask for a shopping list before you order."},
		{string(clean.Prompts[0]), `{"name":"cook","description":"Has somebody be told how to cook a dish.","arguments":[{"name":"recipe","description":"The name of a recipe","required":true}]}`},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("(-want +got): %s", d)
		}
	}
}

func TestWattleTools(t *testing.T) {
	s := serve(t, recipes, lattice.MCPWattle, nil)
	got := s.call("scale", `{"recipe":"bread","servings":2}`)
	const want = `{"flour":125,"salt":2.5,"water":85,"yeast":1.75}`
	if got.ResultType != "complete" || string(got.StructuredContent) != want || got.Content[0].Text != want {
		t.Errorf("%+v", got)
	}
	got = s.call("scale", `{"recipe":"bred","servings":2}`)
	if !got.IsError || !strings.Contains(got.Content[0].Text, `no recipe "bred"`) {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		method, params string
		want           int
	}{
		{"tools/call", `"name":"nothing","arguments":{}`, -32602},
		{"tools/call", `"name":"scale","arguments":[]`, -32602},
		{"resources/read", `"uri":"recipe:stones"`, -32602},
		{"prompts/get", `"name":"cook","arguments":{"recipe":3}`, -32602},
		{"completion/complete", `"ref":{"type":"ref/other"}`, -32602},
		{"tools/other", ``, -32601},
	} {
		if a := s.send("gateway/ann", c.method, c.params, ""); a.Error == nil || a.Error.Code != c.want {
			t.Errorf("%s %s: %+v, want error %d", c.method, c.params, a, c.want)
		}
	}
}

// What the component says meanwhile comes before the response, if the client wants it.
func TestWattleNotices(t *testing.T) {
	s := serve(t, recipes, lattice.MCPWattle, nil)
	const params = `"name":"shopping-list","arguments":{"meals":["bread","stones","pancakes"]}`
	const progress = `"progressToken":"t"`
	const log = `"io.modelcontextprotocol/logLevel":"info"`
	first := `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,"total":3,"message":"Bread"}}`
	skipped := `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"shopping-list","data":{"skipped":"stones"}}}`
	last := `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":3,"total":3,"message":"Pancakes"}}`
	for meta, want := range map[string][]string{
		"":                   nil,
		progress:             {first, last},
		log:                  {skipped},
		progress + "," + log: {first, skipped, last},
	} {
		a := s.send("gateway/ann", "tools/call", params, meta)
		if d := cmp.Diff(want, a.Events); d != "" {
			t.Errorf("with %q (-want +got): %s", meta, d)
		}
		if !strings.Contains(s.answered(a), `flour\":700`) {
			t.Errorf("with %q: %s", meta, a.Result)
		}
	}
}

func TestWattleResourcesAndPrompts(t *testing.T) {
	s := serve(t, recipes, lattice.MCPWattle, nil)
	for _, c := range []struct{ method, params, want string }{
		{
			"resources/read", `"uri":"recipe:pancakes"`,
			`{"contents":[{"uri":"recipe:pancakes","mimeType":"application/json","text":"{\"title\":\"Pancakes\",\"servings\":4,\"ingredients\":{\"eggs\":120,\"flour\":200,\"milk\":400}}"}],"ttlMs":0,"cacheScope":"private","resultType":"complete"}`,
		},
		{
			"prompts/get", `"name":"cook","arguments":{"recipe":"bread"}`,
			`{"messages":[{"role":"user","content":{"type":"text","text":"How do I cook Bread?"}},{"role":"user","content":{"type":"resource","resource":{"uri":"recipe:bread","mimeType":"application/json","text":"{\"title\":\"Bread\",\"servings\":8,\"ingredients\":{\"flour\":500,\"salt\":10,\"water\":340,\"yeast\":7}}"}}}],"resultType":"complete"}`,
		},
		{
			"completion/complete", `"ref":{"type":"ref/prompt","name":"cook"},"argument":{"name":"recipe","value":"r"},"context":{"arguments":{"a":"b"}}`,
			`{"completion":{"values":["risotto"],"total":1},"resultType":"complete"}`,
		},
	} {
		if got := s.answered(s.send("gateway/ann", c.method, c.params, "")); !same(t, []byte(got), []byte(c.want)) {
			t.Errorf("%s: %s, want %s", c.method, got, c.want)
		}
	}
}

// inputRequired is a result that asks for input.
type inputRequired struct {
	ResultType    string
	InputRequests map[string]struct{ Method string }
	RequestState  string
}

// A component asks the client, and gets back its state with the answers: for the same caller, the
// same tool and the same arguments, and for ten minutes.
func TestWattleInput(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	key := []byte("a secret of all hosts")
	options := func() *typed.Options {
		return &typed.Options{ID: "c", StateKey: key, Now: func() time.Time { return now }}
	}
	s := serve(t, recipes, lattice.MCPWattle, options())
	const order = `"name":"order","arguments":{"recipe":"bread","servings":4}`
	var asked inputRequired
	if err := json.Unmarshal([]byte(s.answered(s.send("gateway/ann", "tools/call", order, ""))), &asked); err != nil {
		t.Fatal(err)
	}
	if asked.ResultType != "input_required" || asked.InputRequests["agree"].Method != "elicitation/create" || asked.RequestState == "" {
		t.Fatalf("%+v", asked)
	}
	if strings.Contains(asked.RequestState, "flour") {
		t.Errorf("the state can be read: %s", asked.RequestState)
	}
	const yes = `,"inputResponses":{"agree":{"action":"accept","content":{"agree":true}}}`
	const no = `,"inputResponses":{"agree":{"action":"decline"}}`
	state := fmt.Sprintf(`,"requestState":%q`, asked.RequestState)
	const ordered = `Ordered for gateway/ann: {\"flour\":250,\"salt\":5,\"water\":170,\"yeast\":3.5}`
	const reordered = `"name":"order","arguments":{"servings":4,"recipe":"bread"}`
	other := serve(t, recipes, lattice.MCPWattle, options())
	stranger := serve(t, recipes, lattice.MCPWattle, &typed.Options{ID: "c", Now: options().Now})
	for _, c := range []struct {
		name, who, params string
		at                *served
		after             time.Duration
		want              string
	}{
		{"agreed", "gateway/ann", order + yes + state, s, 0, ordered},
		{"agreed, in another order", "gateway/ann", reordered + yes + state, s, time.Minute, ordered},
		{"agreed, at another host", "gateway/ann", order + yes + state, other, 9 * time.Minute, ordered},
		{"declined", "gateway/ann", order + no + state, s, 0, "does not want"},
		{"somebody else", "gateway/bob", order + yes + state, s, 0, "-32602"},
		{"other arguments", "gateway/ann", `"name":"order","arguments":{"recipe":"bread","servings":400}` + yes + state, s, 0, "-32602"},
		{"another tool", "gateway/ann", `"name":"scale","arguments":{"recipe":"bread","servings":4}` + yes + state, s, 0, "-32602"},
		{"too late", "gateway/ann", order + yes + state, s, 11 * time.Minute, "expired"},
		{"changed", "gateway/ann", order + yes + state[:len(state)-3] + `AA"`, s, 0, "-32602"},
		{"another key", "gateway/ann", order + yes + state, stranger, 0, "-32602"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := now
			now = now.Add(c.after)
			defer func() { now = before }()
			a := c.at.send(c.who, "tools/call", c.params, "")
			got := string(a.Result)
			if a.Error != nil {
				got = fmt.Sprint(a.Error.Code, " ", a.Error.Message)
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A client that cannot be asked is told what it lacks.
func TestWattleCapability(t *testing.T) {
	s := serve(t, recipes, lattice.MCPWattle, nil)
	const none = `"io.modelcontextprotocol/clientCapabilities":{}`
	a := s.request("gateway/ann", "tools/call", `"name":"order","arguments":{"recipe":"bread","servings":4}`, none)
	if a.Error == nil || a.Error.Code != -32021 || !strings.Contains(string(a.Error.Data), `"elicitation"`) {
		t.Errorf("%+v", a)
	}
}
