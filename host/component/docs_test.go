package component_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// withSection returns a binary with a custom section at its end.
func withSection(t *testing.T, file, name, data string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	leb := func(n int) []byte {
		var b []byte
		for ; n >= 0x80; n >>= 7 {
			b = append(b, byte(n)|0x80)
		}
		return append(b, byte(n))
	}
	payload := append(append(leb(len(name)), name...), data...)
	return append(append(append(wasm, 0), leb(len(payload))...), payload...)
}

// TestDocsOfComponent attaches a section to the world of a component.
func TestDocsOfComponent(t *testing.T) {
	const docs = `{"docs":"ignored","worlds":{"counter":{"docs":"Counts.","stability":{"stable":{"since":"1.0.0"}},
"interface_import_docs":{"wattle:demo/log@0.1.0":"Where it logs.","wattle:demo/none":"x"}}},
"interfaces":{"log":{"docs":"A log.","stability":{"stable":{"since":"0.1.0"}},"funcs":{"write":{"docs":"Writes."},"erase":{"docs":"x"}},
"types":{"level":{"docs":"How bad.","items":{"info":"All is well.","fatal":"x"}}}},"nowhere":{"docs":"x"}}}`
	w, err := component.DecodeWIT(withSection(t, "binary/testdata/counter.wasm", "package-docs", "\x01"+docs))
	if err != nil {
		t.Fatal(err)
	}
	text := syntax.Print(w.Packages...)
	for _, want := range []string{"/// Counts.\nworld root", "  /// Where it logs.\n  import wattle:demo/log@0.1.0;", "/// A log.\n  @since(version = 0.1.0)\n  interface log", "/// Writes.\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	notes := strings.Join(w.Notes, "\n")
	for _, want := range []string{"log.level: 1 members", "wattle:demo/none", "log.erase", "and 1 more", "feature gate"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in the notes\n%s", want, notes)
		}
	}
	// What is printed is WIT, whatever the section says.
	if _, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}}); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestMalformedDocs checks that a section which cannot be used is noted and
// nothing else.
func TestMalformedDocs(t *testing.T) {
	for data, want := range map[string]string{
		"":                                  "it is empty",
		"\x02{}":                            "its version is 2",
		"\x01":                              "unexpected end",
		"\x01[]":                            "cannot unmarshal",
		"\x01{\"docs\":3}":                  "cannot unmarshal",
		"\x01" + strings.Repeat("[", 1<<20): "exceeded max depth",
		"\x01" + strings.Repeat(" ", 5<<20): "limit 4194304",
		"\x00{\"interfaces\":{\"log\":{\"funcs\":{\"write\":\"v0\"}}}}":                                           "",
		"\x01{\"interfaces\":{\"log\":null},\"worlds\":{\"root\":null}}":                                          "",
		"\x01{\"interfaces\":{\"log\":{\"funcs\":{\"write\":null},\"types\":{\"level\":null}}}}":                  "",
		"\x01{\"interfaces\":{\"log\":{\"stability\":{\"unstable\":{\"feature\":\"x) evil\"}}}}}":                 "feature gate",
		"\x01{\"interfaces\":{\"log\":{\"stability\":{\"stable\":{\"since\":\"9.0.0\"}}}}}":                       "feature gate",
		"\x01{\"interfaces\":{\"log\":{\"docs\":\"a\\u001b[2J\\nexport x: func();\\u202e\"}}}":                    "",
		"\x01{\"interfaces\":{\"log\":{\"stability\":{\"stable\":{\"since\":\"0.1.0\",\"deprecated\":\"no\"}}}}}": "feature gate",
	} {
		w, err := component.DecodeWIT(withSection(t, "binary/testdata/counter.wasm", "package-docs", data))
		if err != nil {
			t.Errorf("%.80q: %v", data, err)
			continue
		}
		notes := strings.Join(w.Notes, "\n")
		if want == "" && notes != "" || !strings.Contains(notes, want) {
			t.Errorf("%.80q: notes %q, want %q", data, notes, want)
		}
		text := syntax.Print(w.Packages...)
		if _, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}}); err != nil {
			t.Errorf("%.80q: %v\n%s", data, err, text)
		}
	}
}

// FuzzDocs looks for a section that makes text which is no WIT.
func FuzzDocs(f *testing.F) {
	wasm, err := os.ReadFile("testdata/package/docs.wasm")
	if err != nil {
		f.Fatal(err)
	}
	_, docs, _ := bytes.Cut(wasm, []byte("package-docs"))
	f.Add(docs)
	f.Add([]byte("\x00{\"interfaces\":{\"types\":{\"funcs\":{\"[method]file.read\":\"v0\"}}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := component.DecodeWIT(withSection(t, "binary/testdata/counter.wasm", "package-docs", string(data)))
		if err != nil {
			t.Fatal(err)
		}
		text := syntax.Print(w.Packages...)
		if _, err := syntax.Parse(&syntax.Options{AllFeatures: true}, syntax.Source{{Name: "x.wit", Text: text}}); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
}
