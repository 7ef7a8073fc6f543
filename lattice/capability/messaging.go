package capability

import (
	"strings"

	"github.com/wattle-dev/wattle/lattice/capability/subject"
)

// Messaging is what a link to messaging grants. Its keys are
//
//	publish         on which subjects the component may send: patterns of package subject,
//	                separated by commas; nothing if there is none
//	timeout         how long a request waits that does not say, and the most that one may
//	                say, 1ms to 10m; 5s if not said
//	subscriptions   of a link from the capability to a component: the subjects whose
//	                messages it is given, SUBJECT or SUBJECT|QUEUE, separated by commas
//
// Of the components, and their instances on all hosts, that share a queue, one is given
// each message. Where no queue is said it is one of the component's own.
type Messaging struct {
	Publish       []subject.Pattern
	Subscriptions []Subscription
	TimeoutMillis int64
}

// Subscription is what a component is given.
type Subscription struct {
	Subject subject.Pattern
	Queue   string
}

const maxPatterns = 256

// kindMessaging is the name of the kind.
const kindMessaging = "messaging-nats"

var messaging = &Kind{
	Name:    kindMessaging,
	Summary: "sends messages of components to each other, by the lattice's NATS",
	Images:  []string{"messaging-nats"},
	Serves: []string{
		"wasi:messaging/producer", "wasi:messaging/request-reply", "wasi:messaging/types",
		"wasmcloud:messaging/consumer", "wasmcloud:messaging/types",
	},
	Along:   []string{"wasi:messaging/types", "wasmcloud:messaging/types"},
	Calls:   []string{"wasi:messaging/incoming-handler", "wasmcloud:messaging/handler"},
	Example: []string{"publish: orders.created"},
	check: func(c *Config) error {
		_, err := ParseMessaging(c)
		return err
	},
}

// ParseMessaging reads the configuration of messaging.
func ParseMessaging(c *Config) (*Messaging, error) {
	v := read(kindMessaging, c)
	m := &Messaging{TimeoutMillis: v.millis(5000, 1, 600_000, "timeout")}
	for _, s := range v.patterns("publish") {
		p, err := subject.ParsePattern(s)
		if err != nil {
			v.fault("publish", "%v", err)
			continue
		}
		m.Publish = append(m.Publish, p)
	}
	for _, s := range v.patterns("subscriptions") {
		name, queue, queued := strings.Cut(s, "|")
		p, err := subject.ParsePattern(name)
		if err != nil {
			v.fault("subscriptions", "%v", err)
			continue
		}
		if !queued {
			queue = "component=" + string(c.Component)
		}
		if err := subject.CheckQueue(queue); err != nil {
			v.fault("subscriptions", "%v", err)
			continue
		}
		m.Subscriptions = append(m.Subscriptions, Subscription{p, queue})
	}
	// What wasmCloud's provider has, as it has a connection of its own.
	for _, key := range []string{"cluster_uris", "cluster_uri", "client_jwt", "client_seed", "auth_jwt", "auth_seed", "tls_ca", "tls_ca_file", "ping_interval_sec", "custom_inbox_prefix"} {
		if _, _, ok := v.raw(key); ok {
			v.fault(key, "messages go by the connection that hosts have to the lattice: delete it")
		}
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return m, nil
}

// patterns returns the items of a list, which are not too many.
func (v *values) patterns(key string) []string {
	all := v.list(key)
	if len(all) > maxPatterns {
		v.fault(key, "%d are more than %d", len(all), maxPatterns)
		return nil
	}
	return all
}
