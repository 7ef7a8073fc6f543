package jsonrpc_test

import (
	"testing"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

func TestSplice(t *testing.T) {
	text := []byte(`{"params": { "name" : "n", "big":12345678901234567890 } ,"id":1}`)
	spans := make([]jsonrpc.Span, slots)
	if err := jsonrpc.Scan(text, shape, spans); err != nil {
		t.Fatal(err)
	}
	got := string(jsonrpc.Splice(nil, text,
		jsonrpc.Member(text, spans[params], "new", []byte("{}")),
		jsonrpc.Edit{Span: spans[name], Text: []byte(`"other"`)},
		jsonrpc.Edit{Span: spans[id], Text: []byte(`"x"`)}))
	const want = `{"params": {"new":{}, "name" : "other", "big":12345678901234567890 } ,"id":"x"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMemberOfEmpty(t *testing.T) {
	for _, text := range []string{`{}`, `{ }`} {
		got := string(jsonrpc.Splice(nil, []byte(text), jsonrpc.Member([]byte(text), jsonrpc.Span{To: len(text)}, "a", []byte("1"))))
		if want := `{"a":1` + text[1:]; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestSame(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`1`, `1`, true}, {`1`, `2`, false}, {`1`, `"1"`, false}, {`"a"`, `"\u0061"`, true}, {`"a"`, `"b"`, false}, {`1`, `1.0`, false},
	} {
		if got := jsonrpc.Same([]byte(test.a), []byte(test.b)); got != test.want {
			t.Errorf("Same(%s, %s) = %v", test.a, test.b, got)
		}
	}
}

func TestIsInteger(t *testing.T) {
	for value, want := range map[string]bool{`1`: true, `-7`: true, `1.0`: false, `1e3`: false, `"1"`: false, `null`: false, `{}`: false} {
		if got := jsonrpc.IsInteger([]byte(value)); got != want {
			t.Errorf("IsInteger(%s) = %v", value, got)
		}
	}
}

func TestOneLine(t *testing.T) {
	if got, want := string(jsonrpc.OneLine([]byte("{\n\"a\":\r\n1}"))), `{ "a":  1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
