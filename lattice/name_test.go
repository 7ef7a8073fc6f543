package lattice_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
)

const hostID = "NDXKA3F7QBM2W5YTCZ4RV6HJLSGEUIOPN7A2B3C4D5E6F7XYZABCDEFG"

// parsers are all of them, with their results as strings.
var parsers = map[string]func(s string) (string, error){
	"name":      parser(lattice.ParseName),
	"group":     parser(lattice.ParseGroupName),
	"host":      parser(lattice.ParseHostID),
	"component": parser(lattice.ParseComponentID),
	"provider":  parser(lattice.ParseProviderID),
	"config":    parser(lattice.ParseConfigName),
	"link":      parser(lattice.ParseLinkName),
}

func parser[T ~string](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		t, err := parse(s)
		return string(t), err
	}
}

func TestParse(t *testing.T) {
	long := strings.Repeat("a", 200)
	for _, c := range []struct {
		parsers string
		good    []string
		bad     []string
	}{
		{
			"name group",
			[]string{"a", "0", "default", "us-east-1", "a--b", long[:63]},
			[]string{"", "-", "-a", "a-", "A", "a_b", "a.b", "a b", "*", ">", "ä", "a\n", "a\x00", long[:64]},
		},
		{
			"component provider config link",
			[]string{"a", "A", "-", "_", "http-hello_World9", "0", long[:128]},
			[]string{".", "a.b", "a b", "*", ">", "a/b", "ä", "a\n", "a\x00", "$SYS", long[:129]},
		},
		{"component provider config", nil, []string{""}},
		{
			"host",
			[]string{hostID, "N" + strings.Repeat("7", 55)},
			[]string{
				"", "N", hostID[:55], hostID + "A", "U" + hostID[1:], strings.ToLower(hostID), "N" + strings.Repeat("1", 55),
				"N" + strings.Repeat("8", 55), hostID[:55] + ".", hostID[:55] + "*", hostID[:55] + "\n",
			},
		},
	} {
		for name := range strings.FieldsSeq(c.parsers) {
			for _, s := range c.good {
				if got, err := parsers[name](s); err != nil || got != s {
					t.Errorf("%s of %q = %q, %v", name, s, got, err)
				}
			}
			for _, s := range c.bad {
				if got, err := parsers[name](s); !errors.Is(err, lattice.ErrInvalid) || got != "" {
					t.Errorf("%s of %q = %q, %v, want ErrInvalid", name, s, got, err)
				}
			}
		}
	}
	if got, err := lattice.ParseLinkName(""); err != nil || got != lattice.DefaultLink {
		t.Errorf(`ParseLinkName("") = %q, %v, want the default`, got, err)
	}
	for _, s := range []string{string(lattice.DefaultName), string(lattice.DefaultGroup)} {
		if _, err := lattice.ParseName(s); err != nil {
			t.Errorf("a default does not parse: %v", err)
		}
	}
}

// TestParseErrorsAreShort is that an error does not repeat a hostile name as long
// as it is, nor as it would be printed.
func TestParseErrorsAreShort(t *testing.T) {
	for name, parse := range parsers {
		_, err := parse(strings.Repeat("\x1b]0;title\a", 1<<16))
		if err == nil || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\x1b\a") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestShort(t *testing.T) {
	if got := lattice.HostID(hostID).Short(); got != hostID[:9] {
		t.Errorf("Short() = %q", got)
	}
	if got := lattice.HostID("N").Short(); got != "N" {
		t.Errorf("Short() of a short one = %q", got)
	}
}

// FuzzParse is that what is taken is one token of a subject, is kept as it was, and
// is taken again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "default", hostID, "http_hello", "a.b", "*", ">", "a\r\n", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, parse := range parsers {
			got, err := parse(s)
			if err != nil {
				if !errors.Is(err, lattice.ErrInvalid) || got != "" {
					t.Errorf("%s of %q = %q, %v", name, s, got, err)
				}
				continue
			}
			if got != s && (name != "link" || s != "") {
				t.Errorf("%s of %q = %q", name, s, got)
			}
			for i := range len(got) {
				if c := got[i]; c <= ' ' || c > '~' || strings.IndexByte(".*>$/:,;\"'\\", c) >= 0 {
					t.Errorf("%s took %q", name, s)
				}
			}
			if len(got) == 0 || len(got) > 128 {
				t.Errorf("%s took %d bytes", name, len(got))
			}
			if again, err := parse(got); err != nil || again != got {
				t.Errorf("%s of %q = %q, %v the second time", name, got, again, err)
			}
		}
	})
}
