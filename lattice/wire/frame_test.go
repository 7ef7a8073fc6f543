package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

var exchange = wire.ExchangeID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

var open = wire.Open{
	Flags: wire.FlagEnd | wire.FlagHTTP, Timeout: 300, Window: 1 << 18, Depth: 16, Hash: 0x0102030405060708,
	Target: "cart", Interface: "a:b/c@1.0.0", Function: "add", Callers: []lattice.Caller{"http", "component/shop"},
	Head: []byte("head"), Body: []byte("body"),
}

// TestFrameForm has the bytes of frames, which hosts of other versions read.
func TestFrameForm(t *testing.T) {
	const id = "000102030405060708090a0b0c0d0e0f"
	fault := wire.AppendFault(nil, &wire.Fault{Code: lattice.CodeDenied, Message: "no", Undelivered: true})
	for _, test := range []struct {
		name string
		have []byte
		want string
	}{
		{"open", wire.AppendOpen(nil, exchange, &open), "0101" + id + "41" + "ac02" + "808010" + "10" + "0807060504030201" +
			"0463617274" + "0b613a622f6340312e302e30" + "03616464" + "02" + "0468747470" + "0e636f6d706f6e656e742f73686f70" + "0468656164" + "626f6479"},
		{"data", wire.AppendData(nil, exchange, &wire.Data{Flags: wire.FlagHead, Sequence: 200, Section: []byte("s"), Body: []byte("b")}), "0102" + id + "02" + "c801" + "0173" + "62"},
		{"fault", wire.AppendData(nil, exchange, &wire.Data{Flags: wire.FlagEnd | wire.FlagFault, Section: fault}), "0102" + id + "11" + "00" + "0c" + "01" + "0664656e696564" + "00" + "026e6f"},
		{"probe", wire.AppendState(nil, wire.KindProbe, exchange, wire.State{Flags: wire.FlagSilent, Received: 1, Limit: 2, Sent: 3, Age: 500}), "0104" + id + "80" + "01" + "02" + "03" + "f403"},
		{"unknown", wire.AppendUnknown(nil, exchange, wire.FlagCertain, 5), "0106" + id + "01" + "05"},
		{"resend", wire.AppendResend(nil, exchange, 7), "0107" + id + "07"},
		{"cancel", wire.AppendCancel(nil, exchange, lattice.CodeDeadline), "0108" + id + "08646561646c696e65"},
		{
			"request", wire.AppendRequestHead(nil, &wire.RequestHead{Method: "GET", Path: "/a", Host: "h", Remote: "r", Proto: 11, Length: -1, Fields: map[string][]string{"B": {"1", "2"}, "A": {}}}),
			"00" + "03474554" + "00" + "00" + "022f61" + "00" + "00" + "00" + "0168" + "0172" + "0b" + "00" + "02" + "0141" + "00" + "0142" + "02" + "0131" + "0132",
		},
		{"response", wire.AppendResponseHead(nil, &wire.ResponseHead{Status: 200}), "c801" + "00"},
	} {
		if got := hex.EncodeToString(test.have); got != test.want {
			t.Errorf("%s is\n%s, want\n%s", test.name, got, test.want)
		}
	}
}

func TestFrameRoundTrip(t *testing.T) {
	f, err := wire.ParseFrame(wire.AppendOpen(nil, exchange, &open))
	if err != nil || f.Kind != wire.KindOpen || f.Exchange != exchange {
		t.Fatalf("%v %v, error %v", f.Kind, f.Exchange, err)
	}
	got, err := f.Open(nil)
	if diff := cmp.Diff(open, got); err != nil || diff != "" {
		t.Errorf("error %v, open (-sent +received):\n%s", err, diff)
	}
	head := wire.RequestHead{
		Method: "POST", Scheme: "https", Authority: "a", Path: "/p q", RawPath: "/p%20q", Query: "x=1", Opaque: "o", ForceQuery: true,
		Host: "h:80", Remote: "[::1]:9", TLS: true, Proto: 20, Length: 12, Fields: map[string][]string{"A": {"1", ""}, "B": {"2"}}, Trailers: map[string][]string{"T": {}},
	}
	gotHead, err := wire.ParseRequestHead(wire.AppendRequestHead(nil, &head))
	if diff := cmp.Diff(head, gotHead); err != nil || diff != "" {
		t.Errorf("error %v, head (-sent +received):\n%s", err, diff)
	}
}

func TestFrameLimits(t *testing.T) {
	frame := func(o wire.Open) []byte { return wire.AppendOpen(nil, exchange, &o) }
	for name, test := range map[string]struct {
		change func(o *wire.Open)
		ok     bool
	}{
		"as it is":       {func(*wire.Open) {}, true},
		"long function":  {func(o *wire.Open) { o.Function = strings.Repeat("f", wire.MaxFuncName) }, true},
		"function":       {func(o *wire.Open) { o.Function = strings.Repeat("f", wire.MaxFuncName+1) }, false},
		"large body":     {func(o *wire.Open) { o.Body = make([]byte, wire.MaxChunk) }, true},
		"body":           {func(o *wire.Open) { o.Body = make([]byte, wire.MaxChunk+1) }, false},
		"large head":     {func(o *wire.Open) { o.Head = make([]byte, wire.MaxHead) }, true},
		"head":           {func(o *wire.Open) { o.Head = make([]byte, wire.MaxHead+1) }, false},
		"most callers":   {func(o *wire.Open) { o.Callers = make([]lattice.Caller, lattice.MaxCallers) }, true},
		"callers":        {func(o *wire.Open) { o.Callers = make([]lattice.Caller, lattice.MaxCallers+1) }, false},
		"depth":          {func(o *wire.Open) { o.Depth = wire.MaxCallDepth + 1 }, false},
		"window":         {func(o *wire.Open) { o.Window = wire.MaxWindow + 1 }, false},
		"timeout":        {func(o *wire.Open) { o.Timeout = wire.MaxMillis + 1 }, false},
		"flags":          {func(o *wire.Open) { o.Flags = wire.FlagHead }, false},
		"name of target": {func(o *wire.Open) { o.Target = "a.b" }, false},
	} {
		o := open
		test.change(&o)
		f, err := wire.ParseFrame(frame(o))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(nil); (err == nil) != test.ok || err != nil && !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%s: error %v, want one: %v", name, err, !test.ok)
		}
	}
}

func TestFaultKeepsErrors(t *testing.T) {
	for _, code := range lattice.Codes() {
		sent := fmt.Errorf("around: %w", &lattice.Error{Code: code, Message: "why", Undelivered: true})
		f := wire.FaultOf(sent)
		back, err := wire.ParseFault(wire.AppendFault(nil, &f))
		if err != nil {
			t.Fatal(err)
		}
		got := back.Err("")
		if !errors.Is(got, code.Sentinel()) || !got.Undelivered || got.Message != "around: why" {
			t.Errorf("%s came back as %+v", code, got)
		}
	}
	f := wire.FaultOf(errors.New(strings.Repeat("ä", wire.MaxReason)))
	back, err := wire.ParseFault(wire.AppendFault(nil, &f))
	if err != nil || back.Code != lattice.CodeInternal || len(back.Message) != wire.MaxReason {
		t.Errorf("a long message: %d bytes of %s, error %v", len(back.Message), back.Code, err)
	}
}

func TestReplyToken(t *testing.T) {
	s := wire.Subjects{Lattice: "l"}
	token := string(exchange.AppendToken(nil))
	caller, id, ok := s.ReplyToken(s.Caller("UAB") + "." + token)
	if caller != "wattle.l.caller.UAB" || id != exchange || !ok {
		t.Errorf("%q %v %v", caller, id, ok)
	}
	for _, bad := range []string{
		"", ".", token, "." + token, s.Caller("") + "." + token, s.Caller("U.x") + "." + token, s.Caller("*") + "." + token,
		s.Caller("U") + "." + token[1:], s.Caller("U") + "." + token[:21] + "=", "wattle.m.caller.U." + token, "$KV.wattle_l_hosts." + token,
		s.Caller("U") + "." + token[:21] + "B", // bits that are not part of it
	} {
		if _, _, ok := s.ReplyToken(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzFrame has every decoder read anything, and what it takes be written as it
// was.
func FuzzFrame(f *testing.F) {
	f.Add(wire.AppendOpen(nil, exchange, &open))
	f.Add(wire.AppendData(nil, exchange, &wire.Data{Flags: wire.FlagEnd | wire.FlagTrailer, Section: wire.AppendFields(nil, map[string][]string{"A": {"1"}})}))
	f.Add(wire.AppendData(nil, exchange, &wire.Data{Flags: wire.FlagEnd | wire.FlagFault, Section: wire.AppendFault(nil, &wire.Fault{Code: lattice.CodeDenied})}))
	f.Add(wire.AppendState(nil, wire.KindAlive, exchange, wire.State{Received: 1}))
	f.Add(wire.AppendUnknown(nil, exchange, wire.FlagCertain, 5))
	f.Add(wire.AppendResend(nil, exchange, 7))
	f.Add(wire.AppendCancel(nil, exchange, lattice.CodeDeadline))
	f.Add(wire.AppendOpen(nil, exchange, &wire.Open{Target: "c", Head: wire.AppendRequestHead(nil, &wire.RequestHead{Method: "GET", Fields: map[string][]string{"A": {"1"}}})}))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := wire.ParseFrame(b)
		if err != nil {
			return
		}
		var again []byte
		switch frame.Kind {
		case wire.KindOpen:
			o, err := frame.Open(nil)
			if err != nil {
				return
			}
			again = wire.AppendOpen(nil, frame.Exchange, &o)
			if h, err := wire.ParseRequestHead(o.Head); err == nil {
				back, err := wire.ParseRequestHead(wire.AppendRequestHead(nil, &h))
				if diff := cmp.Diff(h, back); err != nil || diff != "" {
					t.Errorf("request head: error %v\n%s", err, diff)
				}
			}
		case wire.KindData:
			d, err := frame.Data()
			if err != nil {
				return
			}
			again = wire.AppendData(nil, frame.Exchange, &d)
			_, _ = wire.ParseFields(d.Section)
			_, _ = wire.ParseResponseHead(d.Section)
			_, _ = wire.ParseFault(d.Section)
		case wire.KindCredit, wire.KindProbe, wire.KindAlive:
			s, err := frame.State()
			if err != nil {
				return
			}
			again = wire.AppendState(nil, frame.Kind, frame.Exchange, s)
		case wire.KindUnknown:
			certain, age, err := frame.Unknown()
			if err != nil {
				return
			}
			var flags wire.Flags
			if certain {
				flags = wire.FlagCertain
			}
			again = wire.AppendUnknown(nil, frame.Exchange, flags, age)
		case wire.KindResend:
			from, err := frame.Resend()
			if err != nil {
				return
			}
			again = wire.AppendResend(nil, frame.Exchange, from)
		case wire.KindCancel:
			_, _ = frame.Cancel()
			return
		}
		// Numbers that are longer than they have to be are taken.
		if len(again) == len(b) && !bytes.Equal(again, b) {
			t.Errorf("%x was read and written as %x", b, again)
		}
	})
}
