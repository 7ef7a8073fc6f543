package typed_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wattle-dev/wattle/host/mcp/typed"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/wit"
)

// definition is a tool as it is listed.
type definition struct {
	Name, Description         string
	InputSchema, OutputSchema json.RawMessage
}

// list returns what a server offers, and fails if a catalogue would leave any of it out.
func (s *served) list() (*catalogue.Contents, []definition) {
	s.Helper()
	said, again, err := s.List(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if again != 0 {
		s.Errorf("what never changes is to be listed again after %v", again)
	}
	if clean := catalogue.Clean(said); len(clean.Problems) > len(said.Problems) {
		s.Errorf("problems: %q", clean.Problems)
	}
	var all []definition
	for _, text := range said.Tools {
		var d definition
		if err := json.Unmarshal(text, &d); err != nil {
			s.Fatal(err)
		}
		all = append(all, d)
	}
	return said, all
}

func compile(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func validate(s *jsonschema.Schema, text []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

// The strict definitions of examples/calc are as testdata/strict-calc.json has them. To write it
// anew: WRITE_GOLDEN=1.
func TestStrictDefinitions(t *testing.T) {
	s := serve(t, calc, lattice.MCPStrict, nil)
	said, _ := s.list()
	var got bytes.Buffer
	for _, text := range said.Tools {
		if err := json.Indent(&got, text, "", " "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
	}
	const golden = "testdata/strict-calc.json"
	if os.Getenv("WRITE_GOLDEN") != "" {
		if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("(-want +got): %s", d)
	}
	if n := len(said.Problems); n != 6 || !strings.Contains(said.Problems[0], `resource "accumulator"`) {
		t.Errorf("%d functions are left out, want the 6 that pass handles: %q", n, said.Problems)
	}
}

// Tools have the names, schemas and descriptions that Wassette gives.
func TestWassetteDefinitions(t *testing.T) {
	s := serve(t, calc, lattice.MCPWassette, nil)
	_, got := s.list()
	text, err := os.ReadFile("testdata/wassette-calc.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []definition
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	byName := func(a, b definition) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(want, byName)
	slices.SortFunc(got, byName)
	asText := cmp.Transformer("text", func(m json.RawMessage) string { return string(m) })
	if d := cmp.Diff(want, got, asText); d != "" {
		t.Errorf("(-Wassette +got): %s", d)
	}
}

// goldenCall is a call of examples/calc/golden.json.
type goldenCall struct {
	Func string
	Args []json.RawMessage
	Want json.RawMessage
	As   string
}

// Every call of golden.json that passes no handles returns what is wanted, both ways; its
// arguments and results are as the schemas say.
func TestCalls(t *testing.T) {
	for _, kind := range []lattice.MCPKind{lattice.MCPStrict, lattice.MCPWassette} {
		t.Run(string(kind), func(t *testing.T) { calls(t, kind) })
	}
}

func calls(t *testing.T, kind lattice.MCPKind) {
	s := serve(t, calc, kind, nil)
	_, definitions := s.list()
	tools := map[string]definition{}
	for _, d := range definitions {
		tools[d.Name] = d
	}
	text, err := os.ReadFile("../../../examples/calc/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []goldenCall
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, c := range golden {
		name := "demo_calc_ops_" + c.Func
		d, ok := tools[name]
		if !ok || kind == lattice.MCPWassette && notFinite(c.Args) {
			continue // Wassette cannot pass such numbers
		}
		made++
		args := arguments(t, load(t, calc), c)
		if kind == lattice.MCPStrict {
			if c.Func == "checksum" {
				args = asBase64(t, args)
			}
			args = beyond53.ReplaceAll(args, []byte(`"$0"`))
			if err := validate(compile(t, d.InputSchema), args); err != nil {
				t.Errorf("%s(%s): %v", name, args, err)
			}
		}
		got := s.call(name, string(args))
		check(t, kind, name+"("+string(args)+")", &c, &got, d)
	}
	if made < 40 {
		t.Errorf("only %d calls were made", made)
	}
}

// beyond53 matches integers that not every reader of JSON has exactly.
var beyond53 = regexp.MustCompile(`\d{17,}`)

// notFinite reports whether there are numbers among the arguments that JSON does not have.
func notFinite(args []json.RawMessage) bool {
	return slices.ContainsFunc(args, func(a json.RawMessage) bool {
		return bytes.Contains(a, []byte(`"nan"`)) || bytes.Contains(a, []byte(`inf"`))
	})
}

// check compares the result of a call with what is wanted.
func check(t *testing.T, kind lattice.MCPKind, call string, c *goldenCall, got *tool, d definition) {
	t.Helper()
	var want struct{ Ok, Err json.RawMessage }
	_ = json.Unmarshal(c.Want, &want) // most are something else
	wanted := c.Want
	switch {
	case kind == lattice.MCPStrict && want.Err != nil:
		if !got.IsError || got.StructuredContent != nil || !same(t, asJSON(got.Content[0].Text), want.Err) {
			t.Errorf("%s = %+v, want the error %s", call, got, want.Err)
		}
		return
	case kind == lattice.MCPStrict && string(want.Ok) == "null":
		if got.IsError || len(got.Content) != 0 || got.StructuredContent != nil {
			t.Errorf("%s = %+v, want nothing", call, got)
		}
		return
	case kind == lattice.MCPStrict && want.Ok != nil:
		wanted = want.Ok
	}
	if got.IsError || len(got.Content) != 1 {
		t.Errorf("%s = %+v", call, got)
		return
	}
	if kind == lattice.MCPStrict {
		if err := validate(compile(t, d.OutputSchema), got.StructuredContent); err != nil {
			t.Errorf("%s = %s: %v", call, got.StructuredContent, err)
		}
	}
	var wrapped struct{ Result json.RawMessage }
	if err := json.Unmarshal(got.StructuredContent, &wrapped); err != nil {
		t.Fatal(err)
	}
	value := wrapped.Result
	if value == nil {
		value = got.StructuredContent // a record
	}
	if !same(t, value, wanted) || !same(t, asJSON(got.Content[0].Text), wanted) {
		t.Errorf("%s = %s, with the text %q, want %s", call, got.StructuredContent, got.Content[0].Text, wanted)
	}
}

// arguments returns the arguments of a call by name.
func arguments(t *testing.T, l *loaded, c goldenCall) []byte {
	t.Helper()
	for _, x := range l.world.Exports {
		if x.Interface == nil {
			continue
		}
		if fn := x.Interface.Func(c.Func); fn != nil {
			byName := map[string]json.RawMessage{}
			for i, p := range fn.Params {
				byName[p.Name] = c.Args[i]
			}
			b, err := json.Marshal(byName)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("there is no function %q", c.Func)
	return nil
}

// asBase64 turns the numbers of {"data": […]} into base64.
func asBase64(t *testing.T, args []byte) []byte {
	t.Helper()
	var numbers struct{ Data []int }
	if err := json.Unmarshal(args, &numbers); err != nil {
		t.Fatal(err)
	}
	data := []byte{}
	for _, n := range numbers.Data {
		data = append(data, byte(n))
	}
	return []byte(`{"data":"` + base64.StdEncoding.EncodeToString(data) + `"}`)
}

// asJSON returns a text of content as JSON: it is that, or a string as it stands.
func asJSON(text string) []byte {
	if json.Valid([]byte(text)) {
		return []byte(text)
	}
	b, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return b
}

// same reports whether two texts are equal as JSON.
func same(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return cmp.Equal(x, y)
}

func TestArgumentErrors(t *testing.T) {
	for kind, want := range map[lattice.MCPKind]string{
		lattice.MCPStrict:   "the arguments are not valid: shape.val[1].y: it is missing",
		lattice.MCPWassette: "Error: the arguments are not valid: shape.val[1].y: it is missing",
	} {
		s := serve(t, calc, kind, nil)
		got := s.call("demo_calc_ops_area", `{"shape":{"tag":"polygon","val":[{"x":0,"y":0},{"x":1}]}}`)
		if !got.IsError || got.Content[0].Text != want {
			t.Errorf("%s: %+v, want %q", kind, got, want)
		}
		for _, c := range []struct {
			method, params string
			want           int
		}{
			{"tools/call", `"name":"nothing"`, -32602},
			{"tools/call", `"name":3`, -32602},
			{"prompts/get", `"name":"x"`, -32601},
			{"tools/other", `"name":"x"`, -32601},
		} {
			a := s.send("gateway/ann", c.method, c.params, "")
			if a.Error == nil || a.Error.Code != c.want {
				t.Errorf("%s %s: %+v, want error %d", c.method, c.params, a, c.want)
			}
		}
	}
}

// However many functions a component exports, and however large their types: what is made of
// them is bounded.
func TestFunctionsAreBounded(t *testing.T) {
	large := &wit.Type{Kind: wit.String}
	for range 12 {
		large = &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{large, large}}
	}
	iface := &wit.Interface{ID: wit.InterfaceID{Namespace: "a", Package: "b", Name: "c"}}
	for i := range 5000 {
		iface.Funcs = append(iface.Funcs, &wit.Func{
			Name: fmt.Sprintf("f%d", i), Params: []wit.Field{{Name: "x", Type: large}}, Result: large,
		})
	}
	endpoint, err := typed.New(nil, &wit.World{Exports: []wit.Extern{{ID: iface.ID, Interface: iface}}}, lattice.MCPStrict, nil)
	if err != nil {
		t.Fatal(err)
	}
	said, _, err := endpoint.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, text := range said.Tools {
		size += len(text)
	}
	last := said.Problems[len(said.Problems)-1]
	if size > 33<<20 || len(said.Tools)+len(said.Problems) > catalogue.MaxDefinitions+1 || !strings.Contains(last, "functions are left out") {
		t.Errorf("%d tools of %d bytes, %d problems, the last one %q", len(said.Tools), size, len(said.Problems), last)
	}
}

// Two functions that would be tools of one name are one tool, and a problem.
func TestNamesCollide(t *testing.T) {
	iface := func(name string) *wit.Interface {
		return &wit.Interface{
			ID:    wit.InterfaceID{Namespace: "a", Package: "b", Name: name},
			Funcs: []*wit.Func{{Name: "f", Result: &wit.Type{Kind: wit.Bool}}},
		}
	}
	one, other := iface("c-d"), iface("c-d")
	other.ID.Package, other.ID.Name = "b_b", "d" // no name of WIT, and so none that is guarded against elsewhere
	one.ID.Package, one.ID.Name = "b", "b_d"
	world := &wit.World{Exports: []wit.Extern{{ID: one.ID, Interface: one}, {ID: other.ID, Interface: other}}}
	endpoint, err := typed.New(nil, world, lattice.MCPStrict, nil)
	if err != nil {
		t.Fatal(err)
	}
	said, _, err := endpoint.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(said.Tools) != 1 || len(said.Problems) != 1 || !strings.Contains(said.Problems[0], `"a_b_b_d_f"`) {
		t.Errorf("%d tools, problems %q", len(said.Tools), said.Problems)
	}
}

// What the WIT says is what a model reads.
func TestDocs(t *testing.T) {
	level := &wit.Type{Kind: wit.Enum, Labels: []string{"low", "high"}, LabelDocs: []string{"Hardly.", ""}, Docs: "How much."}
	color := &wit.Type{Kind: wit.Record, Fields: []wit.Field{{Name: "red", Type: &wit.Type{Kind: wit.U8}, Docs: " From 0.\n"}}, Docs: "A color."}
	paint := &wit.Func{Name: "paint", Docs: "Paints.\n", Params: []wit.Field{{Name: "color", Type: color}, {Name: "level", Type: level}}}
	world := &wit.World{Docs: "Ask first.", Exports: []wit.Extern{{Name: "paint", Func: paint}}}
	const input = `{"type":"object","properties":{"color":{"type":"object","properties":{"red":{"type":"integer","minimum":0,"maximum":255,"description":"From 0."}},"required":["red"],"additionalProperties":false,"description":"A color."},"level":{"type":"string","enum":["low","high"],"description":"How much.\n\n- low: Hardly."}},"required":["color","level"],"additionalProperties":false}`
	for kind, want := range map[lattice.MCPKind]string{
		lattice.MCPStrict:   `{"name":"paint","description":"Paints.","inputSchema":` + input + `}`,
		lattice.MCPWassette: `{"name":"paint","description":"Paints.\n","inputSchema":{"properties":{"color":{"properties":{"red":{"type":"number"}},"required":["red"],"type":"object"},"level":{"enum":["low","high"],"type":"string"}},"required":["color","level"],"type":"object"}}`,
	} {
		endpoint, err := typed.New(nil, world, kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		said, _, err := endpoint.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := string(said.Tools[0]); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
		if strict := kind == lattice.MCPStrict; strict != (said.Instructions == "Ask first.") {
			t.Errorf("%s: instructions %q", kind, said.Instructions)
		}
	}
}
