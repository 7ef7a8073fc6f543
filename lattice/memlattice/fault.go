package memlattice

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Faults are what may happen to a message on its way to one subscription.
type Faults struct {
	// Drop and Duplicate are probabilities, from 0 to 1.
	Drop, Duplicate float64
	// Delay is how long the way takes, and Jitter how much longer by chance.
	Delay, Jitter time.Duration
	// Reorder lets a message overtake one that is on its way longer. Without it
	// those of a subscription arrive in the order in which they were published.
	Reorder bool
	// BytesPerSecond slows a subscription down; zero does not.
	BytesPerSecond int64
}

// Rule says for which messages Faults are.
type Rule struct {
	// From and To are users, empty for all. Where a bucket, object or stream is
	// asked To is empty, and where one answers a watch From is.
	From, To string
	// Subject is a pattern, empty for all.
	Subject string
	Faults
}

// fate is what happens to one message on its way to one subscription.
type fate struct {
	dropped bool
	// afterwards says of a message to a bucket that its answer was lost.
	afterwards bool
	copies     int
	delay      time.Duration
	reorder    bool
	transfer   time.Duration
}

// fate draws what happens. way is what makes this message on this way unlike all
// others.
func (n *Network) fate(from, to, subject string, size int, way ...uint64) fate {
	var f Faults
	for _, r := range n.rules {
		if (r.From == "" || r.From == from) && (r.To == "" || r.To == to) && (r.Subject == "" || matches(r.Subject, subject)) {
			f = r.Faults
			break
		}
	}
	drawn := fate{copies: 1, delay: f.Delay, reorder: f.Reorder}
	if f == (Faults{}) {
		return drawn
	}
	chance := n.chance(way, from, to, subject)
	drawn.dropped = chance.Float64() < f.Drop
	drawn.afterwards = chance.IntN(2) == 1
	if chance.Float64() < f.Duplicate {
		drawn.copies = 2
	}
	if f.Jitter > 0 {
		drawn.delay += time.Duration(chance.Int64N(int64(f.Jitter)))
	}
	if f.BytesPerSecond > 0 {
		drawn.transfer = time.Duration(float64(size) / float64(f.BytesPerSecond) * float64(time.Second))
	}
	return drawn
}

// chance is a source that follows from the seed and what it is for.
func (n *Network) chance(way []uint64, names ...string) *rand.Rand {
	h := fnv.New64a() // it never returns an error
	for _, s := range names {
		h.Write(append([]byte(s), 0))
	}
	var b [8]byte
	for _, w := range way {
		binary.LittleEndian.PutUint64(b[:], w)
		h.Write(b[:])
	}
	return rand.New(rand.NewPCG(n.options.Seed, h.Sum64()))
}

// SetRules replaces the rules. Of several for a message the first one counts.
// What is on its way already is not changed.
func (n *Network) SetRules(rules ...Rule) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rules = append([]Rule(nil), rules...)
}

// Sever takes the connection of all members of a user away until Restore.
func (n *Network) Sever(user string) { n.connect(user, false) }

// Restore gives the members of a user their connection back. What waited is
// published before it returns.
func (n *Network) Restore(user string) { n.connect(user, true) }

func (n *Network) connect(user string, connected bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.members {
		if m.user == user && m.connected != connected {
			m.connected = connected
			if connected {
				m.resend()
			} else {
				m.lose()
			}
		}
	}
	n.changed.fire()
}

// Partition divides the servers between sides, each a list of users; who is in
// none of them is on the first. It replaces an earlier partition.
func (n *Network) Partition(sides ...[]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.side = map[string]int{}
	for i, users := range sides {
		for _, user := range users {
			n.side[user] = i
		}
	}
	n.changed.fire()
}

// Heal ends the partition.
func (n *Network) Heal() { n.Partition() }
