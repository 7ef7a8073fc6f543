package rawjson_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/internal/rawjson"
)

func compact(t testing.TB, text string) json.RawMessage {
	t.Helper()
	got, err := rawjson.Compact([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

func TestMembers(t *testing.T) {
	o, err := rawjson.Members(compact(t, ` { "b" : 1.50 , "a" : [ { "x" : "}\"" } , 2 ] , "\u0063" : "\\", "n":null } `))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"b": "1.50", "a": `[{"x":"}\""},2]`, "c": `"\\"`, "n": "null", "x": ""} {
		if got := string(o.Get(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	o = o.Set("b", json.RawMessage("2")).Set("é\"<", json.RawMessage("{}")).Without(func(name string) bool { return name == "n" })
	if got, want := string(o.JSON()), `{"b":2,"a":[{"x":"}\""},2],"\u0063":"\\","é\"<":{}}`; got != want {
		t.Errorf("the object is %s, want %s", got, want)
	}
	if got := string(rawjson.Object(nil).JSON()); got != "{}" {
		t.Errorf("an object without members is %s", got)
	}
}

func TestRefused(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%q:1", fmt.Sprint(i))
		}
		return "{" + b.String()[1:]
	}
	for _, c := range []struct{ text, want string }{
		{"[]", "no object"},
		{`"x"`, "no object"},
		{`{"a":1,"b":2,"a":3}`, `"a" twice`},
		{`{"a":1,"\u0061":3}`, `"a" twice`},
		{many(100) + `,"50":1}`, `"50" twice`},
		{many(rawjson.MaxMembers+1) + "}", "more than 4096 members"},
	} {
		if _, err := rawjson.Members(compact(t, c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %v, want %q", c.text, err, c.want)
		}
	}
	if o, err := rawjson.Members(compact(t, many(rawjson.MaxMembers)+"}")); err != nil || len(o) != rawjson.MaxMembers {
		t.Errorf("as many members as there may be: %d, %v", len(o), err)
	}
	for _, text := range []string{"", "{", "{}{}", "nul", "\"\xff\"", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)} {
		if _, err := rawjson.Compact([]byte(text)); err == nil {
			t.Errorf("%.40q is taken for JSON", text)
		}
	}
	if _, err := rawjson.Elements(compact(t, "[1,2,3]"), 2); err == nil {
		t.Error("more elements than are allowed")
	}
	if _, err := rawjson.Elements(compact(t, "{}"), 2); err == nil {
		t.Error("an object is an array")
	}
}

func TestScalars(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-7": -7, "9223372036854775807": 9223372036854775807} {
		if n, ok := rawjson.Int(compact(t, text)); !ok || n != want {
			t.Errorf("%s is %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{"1.0", "1e2", "9223372036854775808", `"1"`, "null", "true", "{}"} {
		if n, ok := rawjson.Int(compact(t, text)); ok {
			t.Errorf("%s is the integer %d", text, n)
		}
	}
	if s, ok := rawjson.Text(compact(t, `"a\u0062\n\ud83d\ude00"`)); !ok || s != "ab\n😀" {
		t.Errorf("the text is %q, %v", s, ok)
	}
	if _, ok := rawjson.Text(compact(t, "1")); ok {
		t.Error("a number is a text")
	}
	if _, ok := rawjson.Text(nil); ok {
		t.Error("nothing is a text")
	}
}

// FuzzMembers compares with package encoding/json.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, ` {"a":[1,{"b":"\"}"}],"\u0062":-1.5e+7 , "":null}`, `{"a":1,"a":2}`, `"x"`, `[1,"]",{}]`, "\xff", `{"a":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := rawjson.Compact(data)
		if err != nil {
			return
		}
		var want any
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		value := func(raw json.RawMessage) (v any) {
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			if err := d.Decode(&v); err != nil {
				t.Fatalf("%q: the part %q: %v", data, raw, err)
			}
			return v
		}
		switch want := want.(type) {
		case map[string]any:
			o, err := rawjson.Members(text)
			if err != nil {
				return // it has a name twice
			}
			got := map[string]any{}
			for _, m := range o {
				got[m.Name] = value(m.Value)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%q (-want +got):\n%s", data, d)
			}
			if !bytes.Equal(o.JSON(), text) {
				t.Errorf("%q is put together as %q, want %q", data, o.JSON(), text)
			}
		case []any:
			all, err := rawjson.Elements(text, len(data))
			if err != nil || len(all) != len(want) {
				t.Fatalf("%q: %d elements, %v", data, len(all), err)
			}
			for i := range all {
				if got := value(all[i]); !reflect.DeepEqual(got, want[i]) {
					t.Errorf("%q: element %d is %v, want %v", data, i, got, want[i])
				}
			}
		case string:
			if got, ok := rawjson.Text(text); !ok || got != want {
				t.Errorf("%q is %q, want %q", data, got, want)
			}
			if got, _ := rawjson.Text(rawjson.Quote(want)); got != want {
				t.Errorf("%q is quoted as %q", want, rawjson.Quote(want))
			}
		}
	})
}
