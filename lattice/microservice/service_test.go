package microservice_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/microservice"
)

var update = flag.Bool("update", false, "write the golden files")

func join(t *testing.T, n *memlattice.Network, user string) lattice.Lattice {
	t.Helper()
	l, err := n.Join(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve makes a service, and returns who asks it.
func serve(t *testing.T, o microservice.Options) lattice.Lattice {
	t.Helper()
	n := memlattice.New(memlattice.Options{})
	s, err := microservice.Serve(join(t, n, "service"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return join(t, n, "client")
}

func ask(t *testing.T, l lattice.Lattice, subject, request string) *lattice.Message {
	t.Helper()
	m, err := l.Request(t.Context(), &lattice.Message{Subject: subject, Data: []byte(request)})
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	return m
}

func options() microservice.Options {
	return microservice.Options{
		Name: "greeter", ID: "NAAA", Version: "1.2.3-rc.1", Description: "greets", Metadata: map[string]string{"zone": "a"},
		Endpoints: []microservice.Endpoint{
			{
				Name: "hello", Subject: "greet.hello", Queue: "q", Metadata: map[string]string{"for": "people"},
				Handle: func(_ context.Context, m *lattice.Message) (any, error) {
					time.Sleep(time.Millisecond) // in a bubble, where that takes exactly so long
					switch name := string(m.Data); name {
					case "":
						return nil, fmt.Errorf("%w: a name is missing", lattice.ErrInvalid)
					case "crowd":
						return strings.Repeat("x", 2<<20), nil
					case "nobody":
						return func() {}, nil
					default:
						return map[string]string{"hello": name}, nil
					}
				},
			},
			{Name: "never", Subject: "greet.never", Handle: func(ctx context.Context, _ *lattice.Message) (any, error) {
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}},
		},
	}
}

// golden compares JSON, indented, with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(got, &value); err != nil {
		t.Fatalf("%s: %q: %v", name, got, err)
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, options())
		if got := string(ask(t, l, "greet.hello", "you").Data); got != `{"hello":"you"}` {
			t.Errorf("answered %s", got)
		}
		refused := ask(t, l, "greet.hello", "")
		golden(t, "error", refused.Data)
		want := lattice.Header{"Nats-Service-Error": {"invalid: a name is missing"}, "Nats-Service-Error-Code": {"400"}}
		if diff := cmp.Diff(want, refused.Header); diff != "" {
			t.Errorf("header of an error (-want +got):\n%s", diff)
		}
		for _, verb := range []string{"PING", "INFO", "STATS"} {
			golden(t, strings.ToLower(verb), ask(t, l, "$SRV."+verb, "").Data)
			all := ask(t, l, "$SRV."+verb, "").Data
			for _, subject := range []string{"$SRV." + verb + ".greeter", "$SRV." + verb + ".greeter.NAAA"} {
				if got := ask(t, l, subject, "").Data; string(got) != string(all) {
					t.Errorf("%s is answered with %s, and $SRV.%s with %s", subject, got, verb, all)
				}
			}
			for _, subject := range []string{"$SRV." + verb + ".other", "$SRV." + verb + ".greeter.NBBB"} {
				if _, err := l.Request(t.Context(), &lattice.Message{Subject: subject}); !lattice.Undelivered(err) {
					t.Errorf("%s is answered: %v", subject, err)
				}
			}
		}
	})
}

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Timeout = time.Second
		l := serve(t, o)
		for _, test := range []struct{ subject, request, code string }{
			{"greet.hello", "crowd", "429"},  // more than a message takes
			{"greet.hello", "nobody", "500"}, // not JSON
			{"greet.never", "", "504"},
		} {
			m := ask(t, l, test.subject, test.request)
			if got := m.Header.Get("Nats-Service-Error-Code"); got != test.code {
				t.Errorf("%s of %q is answered with %q, %.200s, want %s", test.subject, test.request, got, m.Data, test.code)
			}
		}
		// Who wants no answer gets none.
		if err := l.Publish(&lattice.Message{Subject: "greet.hello", Data: []byte("you")}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		var stats microservice.Stats
		if err := json.Unmarshal(ask(t, l, "$SRV.STATS", "").Data, &stats); err != nil {
			t.Fatal(err)
		}
		if e := stats.Endpoints[0]; e.Requests != 2 || e.Errors != 2 || e.Took != 2*time.Millisecond || e.Average != time.Millisecond || e.LastError == "" {
			t.Errorf("stats are %+v", e)
		}
	})
}

// TestFromJetStream has JetStream deliver what looks like requests. Neither is it
// answered nor does a handler see it.
func TestFromJetStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		o := options()
		handled := 0
		o.Endpoints[0].Handle = func(context.Context, *lattice.Message) (any, error) { handled++; return handled, nil }
		s, err := microservice.Serve(join(t, n, "service"), o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close(t.Context()) }()
		l := join(t, n, "client")
		answers := 0
		for _, subject := range []string{"answers", "$JS.ACK.KV_x.c.1.1.1.1.0"} {
			if _, err := l.Subscribe(subject, "", func(*lattice.Message) { answers++ }); err != nil {
				t.Fatal(err)
			}
		}
		for _, subject := range []string{"greet.hello", "$SRV.PING", "$SRV.INFO.greeter", "$SRV.STATS.greeter.NAAA"} {
			for _, m := range []*lattice.Message{
				{Reply: "$JS.ACK.KV_x.c.1.1.1.1.0"},
				{Reply: "answers", Header: lattice.Header{"Nats-Stream": {"KV_x"}}},
			} {
				m.Subject = subject
				if err := l.Publish(m); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Wait()
		if handled != 0 || answers != 0 {
			t.Errorf("%d requests were handled and %d answered that nobody has published", handled, answers)
		}
		if got := string(ask(t, l, "greet.hello", "").Data); got != "1" {
			t.Errorf("a request is answered with %q", got)
		}
	})
}

// TestBounds asks more than a service answers.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.MaxConcurrent, o.MaxWaiting, o.Timeout = 2, 3, time.Minute
		l := serve(t, o)
		answers := make(chan string, 100)
		begun := time.Now()
		for range 9 {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				m, err := l.Request(ctx, &lattice.Message{Subject: "greet.never"})
				if err != nil {
					t.Error(err)
					m = &lattice.Message{}
				}
				answers <- m.Header.Get("Nats-Service-Error-Code")
			}()
		}
		codes := map[string]int{}
		for range 4 {
			codes[<-answers]++
		}
		if took := time.Since(begun); took != 0 || codes["429"] != 4 {
			t.Errorf("after %v answers are %v, want four refusals at once", took, codes)
		}
		for range 5 {
			codes[<-answers]++
		}
		// Those that wait have had their time when it is their turn.
		if took := time.Since(begun); took != time.Minute || codes["504"] != 5 {
			t.Errorf("after %v answers are %v, want five that took too long", took, codes)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		s, err := microservice.Serve(join(t, n, "service"), options())
		if err != nil {
			t.Fatal(err)
		}
		l := join(t, n, "client")
		answer := make(chan string, 1)
		go func() {
			m, err := l.Request(t.Context(), &lattice.Message{Subject: "greet.never"})
			if err != nil {
				t.Error(err)
				m = &lattice.Message{}
			}
			answer <- m.Header.Get("Nats-Service-Error-Code")
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if got := <-answer; got != "503" {
			t.Errorf("a request under way was answered with %q", got)
		}
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		for _, subject := range []string{"$SRV.PING", "greet.hello"} {
			if _, err := l.Request(t.Context(), &lattice.Message{Subject: subject}); !lattice.Undelivered(err) {
				t.Errorf("%s is answered after the end: %v", subject, err)
			}
		}
	})
}

func TestOptions(t *testing.T) {
	l := join(t, memlattice.New(memlattice.Options{}), "service")
	for _, change := range []func(*microservice.Options){
		func(o *microservice.Options) { o.Name = "a.b" },
		func(o *microservice.Options) { o.Name = "" },
		func(o *microservice.Options) { o.ID = "a b" },
		func(o *microservice.Options) { o.Endpoints[0].Name = ">" },
	} {
		o := options()
		change(&o)
		if _, err := microservice.Serve(l, o); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%+v: error %v, want ErrInvalid", o, err)
		}
	}
	o := options()
	o.Version = "devel"
	s, err := microservice.Serve(l, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Info().Version; got != microservice.NoVersion {
		t.Errorf("version is %q, want %q", got, microservice.NoVersion)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	o.Endpoints[0].Subject = "not a subject"
	if _, err := microservice.Serve(l, o); err == nil {
		t.Error("a subject that is none is taken")
	}
}
