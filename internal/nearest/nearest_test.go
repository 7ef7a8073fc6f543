package nearest_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/internal/nearest"
)

func TestOf(t *testing.T) {
	names := []string{"streams", "error", "poll", "incoming-handler", "outgoing-handler", "x"}
	tests := []struct{ name, want string }{
		{"stream", "streams"},
		{"steams", "streams"},
		{"Streams", "streams"},
		{"pol", "poll"},
		{"plol", "poll"},
		{"incomming-handler", "incoming-handler"},
		{"outgoing-handlers", "outgoing-handler"},
		{"types", ""},
		{"", ""},
		{"y", ""},
		{"a-name-with-nothing-in-common", ""},
		{strings.Repeat("x", 1<<20), ""},
	}
	for _, test := range tests {
		got, ok := nearest.Of(test.name, names)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("Of(%.40q) = %q, %v, want %q", test.name, got, ok, test.want)
		}
	}
	if got := nearest.Hint("pol", names); got != `; did you mean "poll"?` {
		t.Errorf("Hint = %q", got)
	}
	if got := nearest.Hint("types", names); got != "" {
		t.Errorf("Hint = %q, want none", got)
	}
}
