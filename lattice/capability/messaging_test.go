package capability

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func faultsOf(err error) []string {
	var keys []string
	if e, ok := errors.AsType[*Error](err); ok {
		for _, f := range e.Faults {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

func TestMessaging(t *testing.T) {
	m, err := ParseMessaging(&Config{Component: "shop", Values: map[string]string{
		"publish": "orders.created, audit.>", "subscriptions": "orders.*|workers,\nping", "timeout": "2s",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range m.Publish {
		got = append(got, p.String())
	}
	for _, s := range m.Subscriptions {
		got = append(got, s.Subject.String()+"|"+s.Queue)
	}
	want := []string{"orders.created", "audit.>", "orders.*|workers", "ping|component=shop"}
	if diff := cmp.Diff(want, got); diff != "" || m.TimeoutMillis != 2000 {
		t.Errorf("timeout %d, subjects (-want +got):\n%s", m.TimeoutMillis, diff)
	}
	for _, test := range []struct{ key, value string }{
		{"publish", ">"},
		{"publish", "$JS.API.>"},
		{"publish", "_INBOX.>"},
		{"publish", "a${secret:x}"},
		{"subscriptions", ">"},
		{"subscriptions", "*.created"},
		{"subscriptions", "_INBOX.>"},
		{"subscriptions", "wattle.other.msg.>"},
		{"subscriptions", "a|"},
		{"subscriptions", "a|b c"},
		{"timeout", "1h"},
		{"cluster_uris", "nats://127.0.0.1:4222"},
		{"publsh", "a"},
	} {
		_, err := ParseMessaging(&Config{Component: "shop", Values: map[string]string{test.key: test.value}})
		if diff := cmp.Diff([]string{test.key}, faultsOf(err)); diff != "" {
			t.Errorf("%s: %s: %v", test.key, test.value, err)
		}
	}
}
