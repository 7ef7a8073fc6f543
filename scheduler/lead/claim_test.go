package lead_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/lead"
)

func TestClaim(t *testing.T) {
	self := lead.Beat{Cluster: "ours", ID: "local", Service: "me", Term: 7}
	beat := func(cluster, service string, term, n uint64) *lead.Beat {
		return &lead.Beat{Cluster: cluster, ID: "local", Service: service, Term: term, Beat: n}
	}
	type seen struct {
		at       int64
		revision uint64
		beat     *lead.Beat
		// wrote has the leader write a beat, in place of what was seen.
		wrote bool
	}
	for _, test := range []struct {
		name string
		seen []seen
		at   int64
		want lead.Standing
		err  string
	}{
		{"nothing is there", nil, 0, lead.Free, ""},
		{"what is there is no beat", []seen{{beat: nil, revision: 3}}, 0, lead.Free, ""},
		{"an earlier leader of this log", []seen{{revision: 3, beat: beat("ours", "other", 6, 1)}}, 0, lead.Free, ""},
		{"this service in an earlier term", []seen{{revision: 3, beat: beat("ours", "me", 6, 1)}}, 0, lead.Free, ""},
		{"another log's leader, for a moment", []seen{{revision: 3, beat: beat("theirs", "other", 1, 1)}}, 1000, lead.Unsure, "was led"},
		{"another log's leader that is gone", []seen{{revision: 3, beat: beat("theirs", "other", 1, 1)}}, lead.Silence, lead.Free, ""},
		{"another log's leader that lives", []seen{{revision: 3, beat: beat("theirs", "other", 1, 1)}, {4000, 4, beat("theirs", "other", 1, 2), false}}, 8000, lead.Taken, "another log"},
		{"one that has ended since", []seen{{revision: 3, beat: beat("theirs", "other", 1, 1)}, {4000, 4, beat("theirs", "other", 1, 2), false}}, 9000, lead.Free, ""},
		{"the same beat again", []seen{{revision: 3, beat: beat("theirs", "other", 1, 9)}, {4000, 4, beat("theirs", "other", 1, 9), false}}, lead.Silence, lead.Free, ""},
		{"an older beat again", []seen{{revision: 3, beat: beat("theirs", "other", 1, 9)}, {4000, 4, beat("theirs", "other", 1, 8), false}}, lead.Silence, lead.Free, ""},
		{"a copy of the log in the same term", []seen{{revision: 3, beat: beat("ours", "other", 7, 1)}, {1000, 4, beat("ours", "other", 7, 2), false}}, 1000, lead.Taken, "a copy"},
		{"a copy of the log in a later term", []seen{{revision: 3, beat: beat("ours", "other", 8, 1)}, {1000, 4, beat("ours", "other", 9, 1), false}}, 1000, lead.Taken, "a copy"},
		{"the claim is made", []seen{{wrote: true, revision: 5}}, 1000, lead.Held, ""},
		{"what was before comes late", []seen{{wrote: true, revision: 5}, {1, 4, beat("theirs", "other", 1, 1), false}}, 1000, lead.Held, ""},
		{"the beat comes back", []seen{{wrote: true, revision: 5}, {1, 5, beat("ours", "me", 7, 1), false}}, 1000, lead.Held, ""},
		{"the beat is deleted", []seen{{wrote: true, revision: 5}, {1, 0, nil, false}}, 1000, lead.Held, ""},
		{"somebody else writes there", []seen{{wrote: true, revision: 5}, {1, 6, beat("theirs", "other", 1, 1), false}}, 1000, lead.Unsure, "was led"},
		{"a later leader of this log writes there", []seen{{wrote: true, revision: 5}, {1, 6, beat("ours", "other", 8, 1), false}}, 1000, lead.Unsure, "was led"},
		{"it was replaced before it is known that it was written", []seen{{1, 6, beat("theirs", "other", 1, 1), false}, {wrote: true, revision: 5}}, 1000, lead.Unsure, "was led"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := lead.NewClaim(lattice.DefaultName, self)
			for _, s := range test.seen {
				if s.wrote {
					c.Next()
					c.Wrote(s.at, s.revision)
					continue
				}
				c.Saw(s.at, s.revision, s.beat)
			}
			if got := c.Standing(test.at); got != test.want {
				t.Errorf("standing %d, want %d", got, test.want)
			}
			err := c.Err(test.at)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// A leader whose beat is not written any more does not know whether it still leads.
func TestClaimEnds(t *testing.T) {
	c := lead.NewClaim(lattice.DefaultName, lead.Beat{Cluster: "ours", Service: "me", Term: 1})
	if c.Sure(0) {
		t.Error("sure before the first beat")
	}
	b, revision := c.Next()
	if b.Beat != 1 || revision != 0 {
		t.Errorf("beat %d over revision %d, want the first over nothing", b.Beat, revision)
	}
	c.Wrote(10, 4)
	if !c.Sure(10+lead.Silence-1) || c.Sure(10+lead.Silence) {
		t.Error("want to be sure for as long as others wait")
	}
	if b, revision := c.Next(); b.Beat != 2 || revision != 4 {
		t.Errorf("beat %d over revision %d, want 2 over 4", b.Beat, revision)
	}
	c.Looked(20, 2, &lead.Beat{Cluster: "ours", Service: "me", Term: 1, Beat: 1}) // in a bucket that was made anew
	if _, revision := c.Next(); revision != 2 || c.Standing(20) != lead.Held {
		t.Errorf("revision %d, want 2, and that it is held", revision)
	}
}

// Where there is no beat, and ought to be one, it is waited for as long as for a leader that
// is silent.
func TestClaimMissing(t *testing.T) {
	const at = 100
	for name, tt := range map[string]struct {
		old  bool
		seen *lead.Beat // before all that was there was seen
		late *lead.Beat // after that
		now  int64
		want lead.Standing
	}{
		"a new log":                  {now: at, want: lead.Free},
		"an old log":                 {old: true, now: at + lead.Silence - 1, want: lead.Unsure},
		"an old log, and nobody":     {old: true, now: at + lead.Silence, want: lead.Free},
		"the last was of this log":   {old: true, seen: &lead.Beat{Cluster: "ours", Service: "me"}, now: at, want: lead.Free},
		"another one comes":          {old: true, late: &lead.Beat{Cluster: "theirs", Service: "other"}, now: at + 10, want: lead.Unsure},
		"an earlier leader comes":    {old: true, late: &lead.Beat{Cluster: "ours", Service: "other"}, now: at + 10, want: lead.Free},
		"an earlier one of this log": {old: true, seen: &lead.Beat{Cluster: "ours", Service: "other"}, now: at, want: lead.Free},
	} {
		t.Run(name, func(t *testing.T) {
			c := lead.NewClaim(lattice.DefaultName, lead.Beat{Cluster: "ours", Service: "me", Term: 1})
			if tt.seen != nil {
				c.Saw(at, 3, tt.seen)
			}
			c.Synced(at, tt.old)
			if tt.late != nil {
				c.Saw(at+1, 4, tt.late)
			}
			if got := c.Standing(tt.now); got != tt.want {
				t.Errorf("standing %d, want %d", got, tt.want)
			}
			if err := c.Err(tt.now); (err != nil) != (tt.want == lead.Unsure) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
