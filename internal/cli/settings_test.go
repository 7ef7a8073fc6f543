package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/internal/cli"
)

// TestSettings has `wattle get` fail at the connection, with the address in what
// it says, by which one sees where the address came from.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		env  map[string]string
		args []string
		code int
		want string // in what it says
	}{
		{"file", "nats: [nats://127.0.0.1:2]\n", nil, nil, 3, "127.0.0.1:2"},
		{"environment over file", "nats: nats://127.0.0.1:2\n", map[string]string{"WATTLE_NATS": "nats://127.0.0.1:3"}, nil, 3, "127.0.0.1:3"},
		{"flag over environment", "", map[string]string{"WATTLE_NATS": "nats://127.0.0.1:3"}, []string{"--nats", "nats://127.0.0.1:4"}, 3, "127.0.0.1:4"},
		{"data directory over environment", "", map[string]string{"WATTLE_NATS": "nats://127.0.0.1:3"}, []string{"--data-dir", "/nowhere"}, 3, `"/nowhere"`},
		{"empty file", "", nil, []string{"--nats", "nats://127.0.0.1:4"}, 3, "127.0.0.1:4"},
		{"unknown", "\nnats: a\nlatice: b\n", nil, nil, 2, `:3: "latice" is no setting of this command; did you mean "lattice"?`},
		{"itself", "config: x\n", nil, nil, 2, `:1: "config" is no setting`},
		{"twice", "output: json\noutput: wide\n", nil, nil, 2, "already defined|there twice"},
		{"no value", "lattice:\n", nil, nil, 2, `:1: "lattice": it has no value`},
		{"nested", "lattice: [[x]]\n", nil, nil, 2, "line 1: want a text or a number"},
		{"wrong type", "watch: perhaps\n", nil, nil, 2, `:1: "watch": invalid argument`},
		{"no mapping", "- x\n", nil, nil, 2, ":1: want the names of flags"},
		{"no YAML", "a: [\n", nil, nil, 2, "settings.yaml"},
		{"too large", strings.Repeat("# x\n", 1<<19), nil, nil, 1, "the limit is 1MiB"},
		{"bomb", "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b]\n", nil, nil, 2, "no setting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "settings.yaml")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := cli.Main(t.Context(), &cli.Env{
				Args: append([]string{"get", "hosts", "--config", file}, c.args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
				Getenv: func(name string) string { return c.env[name] },
			})
			said := false
			for want := range strings.SplitSeq(c.want, "|") {
				said = said || strings.Contains(stderr.String(), want)
			}
			if code != c.code || !said {
				t.Errorf("code %d, want %d and %q:\n%s", code, c.code, c.want, stderr.String())
			}
		})
	}
}
