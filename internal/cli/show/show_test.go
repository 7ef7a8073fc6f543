package show_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/wattle-dev/wattle/internal/cli/show"
)

func TestTable(t *testing.T) {
	columns := []show.Column{{Name: "NAME"}, {Name: "KEY", Wide: true}, {Name: "STATE"}}
	rows := []show.Row{
		{Cells: []string{"a-long-name", "N1", "ready"}},
		{Cells: []string{"ü\x1b[2J", "N2", ""}},
	}
	for _, c := range []struct {
		wide bool
		want string
	}{
		{false, "NAME         STATE\na-long-name  ready\nü�[2J\n"},
		{true, "NAME         KEY  STATE\na-long-name  N1   ready\nü�[2J        N2\n"},
	} {
		var b strings.Builder
		table := show.Table{Columns: columns, Wide: c.wide}
		if err := table.Write(&b, rows); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("wide %v (-want +got):\n%s", c.wide, diff)
		}
	}
}

func TestSame(t *testing.T) {
	columns := []show.Column{{Name: "STATE"}, {Name: "CPU", Live: true}}
	row := func(cells ...string) show.Row { return show.Row{Cells: cells} }
	if !show.Same(columns, row("ready", "1"), row("ready", "2")) {
		t.Error("a live column is news")
	}
	if show.Same(columns, row("ready", "1"), row("draining", "1")) {
		t.Error("another state is no news")
	}
}

// TestYAML demands the names and the order of JSON, and that what is read back is
// what was written, texts that look like something else included.
func TestYAML(t *testing.T) {
	v := struct {
		Zebra string            `json:"zebra"`
		Apple []any             `json:"apple"`
		Map   map[string]string `json:"map"`
		Empty []string          `json:"empty"`
		Big   uint64            `json:"big"`
	}{"yes", []any{1, "1", true, "true", nil, "null", "a: b", "line\nline", "\x1b[2J", "<&>", "2026-01-02"}, map[string]string{"k": "0x10"}, []string{}, 1<<64 - 1}
	var y, j strings.Builder
	if err := show.YAML(&y, v); err != nil {
		t.Fatal(err)
	}
	if err := show.JSON(&j, v, true); err != nil {
		t.Fatal(err)
	}
	if strings.Index(y.String(), "zebra") > strings.Index(y.String(), "apple") {
		t.Errorf("another order:\n%s", &y)
	}
	if strings.ContainsAny(y.String(), "{\x1b") {
		t.Errorf("the style of JSON, or a control character:\n%s", &y)
	}
	var fromYAML, fromJSON any
	if err := yaml.Unmarshal([]byte(y.String()), &fromYAML); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(j.String()))
	d.UseNumber()
	if err := d.Decode(&fromJSON); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(fromJSON)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(again)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, &y)
	}
}

func TestUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 90 * time.Second: "90s", 3 * time.Minute: "3m", 90 * time.Minute: "90m", 47 * time.Hour: "47h", 72 * time.Hour: "3d",
	} {
		if got := show.Age(d); got != want {
			t.Errorf("Age(%v) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0B", 999: "999B", 1 << 20: "1MiB", 1536: "1.5KiB", 1 << 44: "16TiB"} {
		if got := show.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range show.Formats {
		if got, err := show.ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
	}
	if _, err := show.ParseFormat("xml"); err == nil {
		t.Error("xml is a format")
	}
}
