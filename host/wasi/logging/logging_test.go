package logging_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/wasi/logging"
)

func TestLog(t *testing.T) {
	type entry struct{ Level, Context, Message string }
	long := strings.Repeat("ü", logging.MaxMessage)
	for _, test := range []struct {
		context, message string
		want             []entry
	}{
		{"db", "connected", []entry{{"warn", "db", "connected"}}},
		{"", "", []entry{{"warn", "", ""}}},
		{"a\nb", "x\r\n\ty\n", []entry{{"warn", "a b", "x"}, {"warn", "a b", " y"}}},
		{"c", "\x1b[2Jgone\x00\u202e\xff", []entry{{"warn", "c", "\ufffd[2Jgone\ufffd\ufffd\ufffd"}}},
		{strings.Repeat("c", 1000), long, []entry{{
			"warn", strings.Repeat("c", logging.MaxContext-3) + "…", long[:logging.MaxMessage-4] + "…",
		}}},
	} {
		var got []entry
		s := logging.NewState(logging.Options{Log: func(level logging.Level, context, message string) {
			got = append(got, entry{level.String(), context, message})
		}})
		if err := s.Log(nil, logging.LevelWarn, test.context, test.message); err != nil {
			t.Error(err)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%.20q, %.20q (-want +got):\n%s", test.context, test.message, cmp.Diff(test.want, got))
		}
	}
	if err := logging.NewState(logging.Options{}).Log(nil, logging.LevelInfo, "", "to nobody"); err != nil {
		t.Error(err)
	}
}
