package memlattice

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Options configure a Network.
type Options struct {
	// Seed decides what happens by chance.
	Seed uint64
	// MaxPayload bounds a message. If zero, 1 MiB, as with NATS.
	MaxPayload int
	// MaxPending bounds how many bytes wait for one subscription; what comes
	// beyond is dropped. If zero, 64 MiB.
	MaxPending int
	// MaxBuffer bounds how many bytes wait for one member's connection. If zero,
	// 8 MiB.
	MaxBuffer int
}

// Network is what members of a lattice are connected to.
type Network struct {
	options Options

	mu      sync.Mutex
	changed signal // of who can reach what
	members []*Member
	rules   []Rule
	side    map[string]int
	joined  int
	buckets map[string]*records
	stores  map[string]map[string]*object
	streams map[string]*stream
}

// New returns a network that nobody has joined.
func New(o Options) *Network {
	o.MaxPayload = cmp.Or(o.MaxPayload, 1<<20)
	o.MaxPending = cmp.Or(o.MaxPending, 64<<20)
	o.MaxBuffer = cmp.Or(o.MaxBuffer, 8<<20)
	return &Network{
		options: o,
		changed: newSignal(),
		buckets: map[string]*records{},
		stores:  map[string]map[string]*object{},
		streams: map[string]*stream{},
	}
}

// Join connects a member. user is its name in subjects and rules, and one of its
// own if it is empty; members may share one, as a host does with its successor.
func (n *Network) Join(user string) (*Member, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.joined++
	if user == "" {
		user = fmt.Sprintf("member%d", n.joined)
	}
	if err := checkName("user", user); err != nil {
		return nil, err
	}
	m := &Member{network: n, user: user, number: uint64(n.joined), connected: true} //nolint:gosec // it counts up
	n.members = append(n.members, m)
	return m, nil
}

// reaches reports whether two users are on the same side.
func (n *Network) reaches(a, b string) bool { return n.side[a] == n.side[b] }

// stored reports whether a member can ask for what is stored.
func (n *Network) stored(m *Member) bool { return m.connected && n.side[m.user] == 0 }

// route gives a message to the subscriptions that are to have it. If there is none,
// its publisher is told. from is connected.
func (n *Network) route(from *Member, m *lattice.Message) {
	from.published++
	n.keep(from, m)
	queues := map[string][]*subscription{}
	var names []string // of queues, in the order in which they were found
	reached := false
	for _, member := range n.members {
		if !member.connected || !n.reaches(from.user, member.user) {
			continue
		}
		for _, s := range member.subscriptions {
			switch {
			case s.ended || !matches(s.subject, m.Subject):
			case s.queue == "":
				reached = true
				n.deliver(from, s, m)
			default:
				if queues[s.queue] == nil {
					names = append(names, s.queue)
				}
				queues[s.queue] = append(queues[s.queue], s)
			}
		}
	}
	for _, name := range names {
		reached = true
		group := queues[name]
		n.deliver(from, group[n.choose(from, name, len(group))], m)
	}
	if !reached && m.Reply != "" {
		n.nobody(from, m.Reply)
	}
}

// nobody tells a publisher that nobody subscribes to what it sent.
func (n *Network) nobody(from *Member, reply string) {
	m := &lattice.Message{Subject: reply, Header: lattice.Header{"Status": {"503"}}}
	for _, s := range from.subscriptions {
		if !s.ended && matches(s.subject, reply) {
			s.push(clone(m), messageSize(m), fate{})
		}
	}
}

// deliver puts a message on its way to a subscription.
func (n *Network) deliver(from *Member, s *subscription, m *lattice.Message) {
	size := messageSize(m)
	f := n.fate(from.user, s.member.user, m.Subject, size, from.number, from.published, s.member.number, s.number)
	if f.dropped {
		return
	}
	for range f.copies {
		s.push(clone(m), size, f)
	}
}

// choose picks a member of a queue group.
func (n *Network) choose(from *Member, queue string, members int) int {
	return n.chance([]uint64{from.number, from.published}, from.user, queue).IntN(members)
}

// clone copies a message, so that nobody shares what is in it.
func clone(m *lattice.Message) *lattice.Message {
	c := *m
	c.Data = slices.Clone(m.Data)
	c.Header = nil
	for key, values := range m.Header {
		if c.Header == nil {
			c.Header = lattice.Header{}
		}
		c.Header[key] = slices.Clone(values)
	}
	return &c
}

// messageSize is how large a message is with its header, in the form that NATS
// gives to it.
func messageSize(m *lattice.Message) int {
	size := len(m.Data)
	if len(m.Header) > 0 {
		size += len("NATS/1.0\r\n\r\n")
	}
	for key, values := range m.Header {
		for _, v := range values {
			size += len(key) + len(": ") + len(v) + len("\r\n")
		}
	}
	return size
}

// signal tells all who wait that something has changed.
type signal struct{ c chan struct{} }

func newSignal() signal { return signal{make(chan struct{})} }

// next returns a channel that is closed at the next change.
func (s *signal) next() <-chan struct{} { return s.c }

func (s *signal) fire() {
	close(s.c)
	s.c = make(chan struct{})
}

// now is the time by which the servers keep things.
func now() time.Time { return time.Now().UTC() }
