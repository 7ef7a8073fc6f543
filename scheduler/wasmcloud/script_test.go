package wasmcloud_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

// TestTranscripts runs the files in testdata. Each is a list of steps:
//
//	host X            host X reports what the JSON says, over what it said before
//	store V           a binary is put into the lattice; $V is its digest
//	command NAME      a command that does not come through the edge is carried out
//	send SUBJECT      a request is sent; the steps that follow have its answers:
//	reply             the next answer, of which there are exactly as many
//	event NAME        the next event, but for heartbeats
//	kv BUCKET KEY     the value that there is in the mirror, at last; nothing if empty
//	desired X         what the scheduler wants of host X, at last: its state, and a
//	                  line for each component: ID, instances, ref
//
// $X is the ID of host X, a letter. Answers and events are compared as JSON, whole,
// with the time and ID of events left out. The expected side is written by hand
// from the shapes of wasmCloud 1.9.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("transcripts: %v, %v", files, err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			overAll(t, func(t *testing.T, l *lab) {
				l.edge(&wasmcloud.Options{Heartbeat: time.Hour})
				(&transcript{t: t, l: l}).play(archive)
			})
		})
	}
}

type transcript struct {
	t    *testing.T
	l    *lab
	last *gathering
}

func (s *transcript) play(archive *txtar.Archive) {
	// Before this edge leads, events are nobody's.
	s.l.eventually("lease", func() string {
		b, err := s.l.edges.Bucket(s.t.Context(), "LATTICEDATA_default")
		if err == nil {
			_, err = b.Get(s.t.Context(), "WATTLE_EDGE")
		}
		if err != nil {
			return err.Error()
		}
		return ""
	})
	for _, f := range archive.Files {
		words := strings.Fields(s.expand(f.Name))
		text := s.expand(string(f.Data))
		if words[0] != "reply" && s.last != nil {
			s.last.done()
			s.last = nil
		}
		s.step(f.Name, words, text)
		if s.t.Failed() {
			s.t.Fatalf("at step %q", f.Name)
		}
	}
	if s.last != nil {
		s.last.done()
	}
}

func (s *transcript) expand(text string) string {
	var pairs []string
	for v, value := range s.l.vars {
		pairs = append(pairs, "$"+v, value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (s *transcript) step(step string, words []string, text string) {
	t, l := s.t, s.l
	switch words[0] {
	case "host":
		s.host(words[1], text)
	case "store":
		l.store(words[1], []byte(text))
	case "command":
		cmd, err := control.Decode(words[1], []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		l.command(cmd)
	case "send":
		s.last = l.send(words[1], []byte(text))
	case "reply":
		if diff := cmp.Diff(parse(t, []byte(text)), parse(t, s.last.next())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	case "event":
		s.event(step, words[1], text)
	case "kv":
		s.kv(step, words[1], words[2], text)
	case "desired":
		l.eventually(step, func() string { return cmp.Diff(text, s.desired(words[1])) })
	default:
		t.Fatalf("no such step: %q", step)
	}
}

// host has a host report, and waits until the edge and the scheduler have heard.
func (s *transcript) host(letter, text string) {
	h := s.l.says(letter, func(r *lattice.HostReport) {
		if text = strings.TrimSpace(text); text != "" {
			// Lists and maps are replaced and not added to.
			if strings.Contains(text, `"components"`) {
				r.Components = nil
			}
			if strings.Contains(text, `"labels"`) {
				r.Labels = nil
			}
			if err := json.Unmarshal([]byte(text), r); err != nil {
				s.t.Fatalf("host %s: %v", letter, err)
			}
		}
		for i := range r.Components {
			r.Components[i].Since = began
		}
	})
	if h.report.State == lattice.HostStopped {
		return
	}
	want := fmt.Sprintf(`"uptime_seconds":%d`, int(h.report.Time.Sub(began).Seconds()))
	s.l.eventually("host "+letter, func() string {
		if got := s.l.ask("host.get."+string(h.id), ""); !strings.Contains(got, want) {
			return got
		}
		return ""
	})
	if h.report.State == lattice.HostReady {
		s.l.command(&control.SetHostState{Host: h.id, State: lattice.HostReady})
	}
}

func (s *transcript) event(step, kind, text string) {
	for {
		select {
		case m := <-s.l.events:
			got, _ := parse(s.t, m.Data).(map[string]any)
			if got["type"] == "com.wasmcloud.lattice.host_heartbeat" && kind != "host_heartbeat" {
				continue
			}
			if id, _ := got["id"].(string); id == "" {
				s.t.Errorf("%s: no id in %s", step, m.Data)
			}
			at, _ := got["time"].(string)
			if _, err := time.Parse(time.RFC3339Nano, at); err != nil {
				s.t.Errorf("%s: time: %v", step, err)
			}
			delete(got, "id")
			delete(got, "time")
			if want := "wasmbus.evt.default." + kind; m.Subject != want {
				s.t.Errorf("%s: subject %s, want %s", step, m.Subject, want)
			}
			if diff := cmp.Diff(parse(s.t, []byte(text)), any(got)); diff != "" {
				s.t.Errorf("%s (-want +got):\n%s", step, diff)
			}
			return
		case <-time.After(patience):
			s.t.Fatalf("%s: no event comes", step)
		}
	}
}

func (s *transcript) kv(step, bucket, key, text string) {
	b, err := s.l.edges.Bucket(s.t.Context(), bucket)
	if err != nil {
		s.t.Fatal(err)
	}
	s.l.eventually(step, func() string {
		e, err := b.Get(s.t.Context(), key)
		switch {
		case strings.TrimSpace(text) == "":
			if err == nil {
				return fmt.Sprintf("there is %s", e.Value)
			}
			return ""
		case err != nil:
			return err.Error()
		}
		return cmp.Diff(parse(s.t, []byte(text)), parse(s.t, e.Value))
	})
}

func (s *transcript) desired(letter string) string {
	h := s.l.hosts[letter]
	b, err := s.l.edges.Bucket(s.t.Context(), s.l.buckets.Desired())
	if err != nil {
		s.t.Fatal(err)
	}
	e, err := b.Get(s.t.Context(), string(h.id))
	if err != nil {
		return err.Error()
	}
	value, err := s.l.verifier.Scheduler(s.l.buckets.Desired(), string(h.id), e.Value)
	if err != nil {
		return err.Error()
	}
	d, err := wire.DecodeDesired(value, name, h.id)
	if err != nil {
		return err.Error()
	}
	lines := []string{string(d.State)}
	for _, c := range d.Components {
		line := fmt.Sprintf("%s %d %s", c.ID, c.MaxInstances, c.Ref)
		for _, n := range c.ConfigNames {
			line += " " + string(n)
		}
		if c.Limits != (lattice.Limits{}) {
			line += fmt.Sprintf(" limits %d bytes %d ms", c.Limits.MemoryBytes, c.Limits.TimeoutMillis)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n"
}
