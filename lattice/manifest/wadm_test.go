package manifest_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice/manifest"
)

// TestWADM compares Parse with wadm's own types and validation. WATTLE_WADM names a
// program around the crate wadm-types that reads {"text":…} line by line, and
// answers each with {"ok":…,"error":…,"json":…} as wadm's put would. WATTLE_WADM_FILES
// is a pattern of more manifests.
func TestWADM(t *testing.T) {
	program := os.Getenv("WATTLE_WADM")
	if program == "" {
		t.Skip("WATTLE_WADM names no program")
	}
	ask := wadm(t, program)
	for _, pattern := range []string{"testdata/*/*", os.Getenv("WATTLE_WADM_FILES")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, ask, file, text)
		}
	}
}

type answer struct {
	OK    bool            `json:"ok"`
	Error string          `json:"error"`
	JSON  json.RawMessage `json:"json"`
}

func compare(t *testing.T, ask func(text []byte) answer, file string, text []byte) {
	t.Helper()
	m, err := manifest.Parse(file, text)
	want := ask(text)
	switch {
	case err != nil && (!want.OK || stricter.MatchString(err.Error())):
	case err != nil:
		t.Errorf("%s: wadm takes it, and we do not:\n%v", file, err)
	case !want.OK:
		t.Errorf("%s: wadm does not take it, and we do: %s", file, want.Error)
	default:
		got, err := m.JSON("")
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		got = empties.ReplaceAll(got, nil) // which wadm cannot read back
		if json.Unmarshal(got, &a) != nil || json.Unmarshal(want.JSON, &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: JSON\n%s\nwadm has\n%s", file, got, want.JSON)
		}
	}
}

func wadm(t *testing.T, program string) func(text []byte) answer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	return func(text []byte) answer {
		line, err := json.Marshal(map[string]string{"text": string(text)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
		reply, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var a answer
		if err := json.Unmarshal(reply, &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// TestMutations compares what becomes of a manifest when any line of it is changed.
func TestMutations(t *testing.T) {
	program := os.Getenv("WATTLE_WADM")
	if program == "" {
		t.Skip("WATTLE_WADM names no program")
	}
	ask := wadm(t, program)
	values := strings.Fields(`null 5 1.5 true "x" [] {} -1 "" ~ 0x10 latest [x] {name:x} other 99999999999999999999999 1e400 .nan 'a/b' "5"`)
	for _, file := range []string{"testdata/good/weather.yaml", "testdata/good/anchors.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		try := func(i int, line ...string) {
			changed := []byte(strings.Join(slices.Concat(lines[:i], line, lines[i+1:]), "\n"))
			_, err := manifest.Parse(file, changed)
			want := ask(changed)
			switch {
			case err == nil && !want.OK && want.Error != "panic":
				t.Errorf("%s:%d: %q for %q: wadm does not take it, and we do: %.300s", file, i+1, line, lines[i], want.Error)
			case err != nil && want.OK && !stricter.MatchString(err.Error()):
				t.Errorf("%s:%d: %q for %q: wadm takes it, and we do not: %v", file, i+1, line, lines[i], err)
			}
		}
		for i, line := range lines {
			try(i)
			try(i, line, line)
			key, value, ok := strings.Cut(line, ": ")
			if !ok {
				key = strings.TrimSuffix(line, ":")
			}
			try(i, key+"x: "+value)
			for _, v := range values {
				try(i, key+": "+v)
			}
		}
	}
}

var empties = regexp.MustCompile(`,"(annotations|requirements)":\{\}`)

// stricter are the errors that wadm does not have: see the package comment.
var stricter = regexp.MustCompile(`apiVersion: |kind: |is there twice|want words|it is empty|only letters|is no name|want 1 to|want a map of texts|in a circle`)
