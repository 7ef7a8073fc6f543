package wire

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// An exchange is a call between two users of a lattice: frames of the caller go to
// Subjects.Invoke of a host, frames of the host to Subjects.Caller. Package
// lattice/invoke has the rules; this file has the form.
//
// A frame is a version, a kind, the exchange it belongs to, and what the kind
// has. Numbers are unsigned LEB128 unless said otherwise; strings and sections
// have their length in front; a body is the rest of the frame.
//
//	frame   = version:byte kind:byte exchange:16 bytes …
//	open    = flags:byte timeout window depth hash:8 bytes, little-endian
//	          target:string interface:string function:string
//	          callers:count and strings  head:section  body
//	data    = flags:byte sequence section body
//	state   = flags:byte received limit sent age     (credit, probe, alive)
//	unknown = flags:byte age
//	resend  = from
//	cancel  = code:string

// FrameVersion is the first byte of every frame.
const FrameVersion = 1

// Bounds of frames.
const (
	// MaxHead bounds the section of a frame: the head of a request or a response,
	// trailers or an error.
	MaxHead = 64 << 10
	// MaxChunk bounds the body of a frame.
	MaxChunk = 64 << 10
	// MaxWindow bounds what a receiver allows to be sent ahead.
	MaxWindow = 16 << 20
	// MaxCallDepth bounds the depth that a caller can claim.
	MaxCallDepth = 64
	// MaxFuncName bounds the names of interfaces and functions.
	MaxFuncName = 512
	// MaxCallerName bounds a link in the chain of callers.
	MaxCallerName = 256

	// maxNumber bounds sequence numbers, credits and ages, so that sums of them
	// do not overflow.
	maxNumber = 1 << 60
	maxCode   = 32
)

// FrameCost is what a data frame counts against the window besides its contents.
const FrameCost = 64

// Kind says what a frame is.
type Kind uint8

// The kinds of frames.
const (
	// KindOpen begins a call. It is the caller's frame of sequence zero.
	KindOpen Kind = 1 + iota
	// KindData is a part of what is sent, in either direction.
	KindData
	// KindCredit tells the sender what has arrived and how much more may be sent.
	KindCredit
	// KindProbe asks the host whether it is there.
	KindProbe
	// KindAlive answers a probe: the call is under way.
	KindAlive
	// KindUnknown answers a probe: the host does not know the call and will not
	// begin it. If FlagCertain is set, it never has.
	KindUnknown
	// KindResend asks for frames again.
	KindResend
	// KindCancel ends a call from the caller's side.
	KindCancel
)

var kindNames = [...]string{"", "open", "data", "credit", "probe", "alive", "unknown", "resend", "cancel"}

// String implements fmt.Stringer.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k > 0 {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Flags say what a frame has.
type Flags uint8

// The flags.
const (
	// FlagEnd marks the last frame of a direction.
	FlagEnd Flags = 1 << iota
	// FlagHead says that the section is the head of the response.
	FlagHead
	// FlagInfo says that the section is the head of an informational response.
	FlagInfo
	// FlagTrailer says that the section is the trailers. It goes with FlagEnd.
	FlagTrailer
	// FlagFault says that the section is a Fault. It goes with FlagEnd.
	FlagFault
	// FlagFlush says that what has been sent is to go on at once.
	FlagFlush
	// FlagHTTP says of an open that an HTTP request follows.
	FlagHTTP
	// FlagSilent says of a probe that nothing has come for a while.
	FlagSilent

	// FlagCertain says of an unknown that the call has not been begun.
	FlagCertain = FlagEnd
)

// flagsOf has the flags that a kind may have.
var flagsOf = [...]Flags{
	KindOpen:    FlagEnd | FlagHTTP,
	KindData:    FlagEnd | FlagHead | FlagInfo | FlagTrailer | FlagFault | FlagFlush,
	KindCredit:  0,
	KindProbe:   FlagSilent,
	KindAlive:   0,
	KindUnknown: FlagCertain,
}

// ExchangeID names an exchange. It is random and a secret of its two sides: whoever
// knows it can answer in their place.
type ExchangeID [16]byte

// lenToken is the length of an exchange as a token of a subject.
const lenToken = 22

// AppendToken appends the exchange as a token of a subject.
func (id ExchangeID) AppendToken(dst []byte) []byte {
	return base64.RawURLEncoding.AppendEncode(dst, id[:])
}

// ParseToken is the inverse of AppendToken.
func ParseToken(s string) (id ExchangeID, ok bool) {
	if len(s) != lenToken {
		return id, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(s))
	return id, err == nil && n == len(id)
}

// ReplyToken splits the subject on which a caller awaits answers about an exchange
// into the subject of its frames and the exchange.
func (s Subjects) ReplyToken(reply string) (caller string, id ExchangeID, ok bool) {
	n := len(reply) - lenToken - 1
	if n <= 0 || reply[n] != '.' {
		return "", id, false
	}
	if caller, ok = s.ParseCaller(reply[:n]); ok {
		id, ok = ParseToken(reply[n+1:])
	}
	return caller, id, ok
}

// ParseCaller checks that a subject is Caller of somebody: only there does a host
// publish frames, whatever the reply subject of a message says.
func (s Subjects) ParseCaller(subject string) (string, bool) {
	prefix := s.of("caller.")
	if len(subject) <= len(prefix) || len(subject) > len(prefix)+MaxText || subject[:len(prefix)] != prefix {
		return "", false
	}
	for i := len(prefix); i < len(subject); i++ {
		if c := subject[i]; !alphanumeric(c) && c != '-' && c != '_' {
			return "", false
		}
	}
	return subject, true
}

// Open is the frame that begins a call.
type Open struct {
	Flags Flags
	// Timeout is how many milliseconds the call may take; zero is without limit.
	Timeout uint64
	// Window is how much may be sent to the caller ahead.
	Window uint64
	Depth  uint64
	// Hash is that of the function's type as the caller knows it.
	Hash      uint64
	Target    lattice.ComponentID
	Interface string
	Function  string
	Callers   []lattice.Caller
	Head      []byte
	Body      []byte
}

// Data is a frame with a part of what is sent.
type Data struct {
	Flags    Flags
	Sequence uint64
	Section  []byte
	Body     []byte
}

// Cost is what the frame counts against the window. The head of a response is
// free: there is one.
func (d *Data) Cost() uint64 {
	if d.Flags&FlagHead != 0 {
		return uint64(FrameCost + len(d.Body))
	}
	return uint64(FrameCost + len(d.Section) + len(d.Body))
}

// State is how far a side has come.
type State struct {
	Flags Flags
	// Received is the sequence number of the next frame that is awaited.
	Received uint64
	// Limit is the sum of costs up to which the other side may send.
	Limit uint64
	// Sent is the sequence number of the next frame that will be sent.
	Sent uint64
	// Age is how many milliseconds before the probe the call was opened. Answers
	// repeat it.
	Age uint64
}

func appendFrame(dst []byte, k Kind, id ExchangeID) []byte {
	return append(append(dst, FrameVersion, byte(k)), id[:]...)
}

func appendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendOpen appends an open frame.
func AppendOpen(dst []byte, id ExchangeID, o *Open) []byte {
	dst = append(appendFrame(dst, KindOpen, id), byte(o.Flags))
	dst = binary.AppendUvarint(dst, o.Timeout)
	dst = binary.AppendUvarint(dst, o.Window)
	dst = binary.AppendUvarint(dst, o.Depth)
	dst = binary.LittleEndian.AppendUint64(dst, o.Hash)
	dst = appendString(dst, o.Target)
	dst = appendString(dst, o.Interface)
	dst = appendString(dst, o.Function)
	dst = binary.AppendUvarint(dst, uint64(len(o.Callers)))
	for _, c := range o.Callers {
		dst = appendString(dst, c)
	}
	dst = appendString(dst, o.Head)
	return append(dst, o.Body...)
}

// AppendData appends a data frame.
func AppendData(dst []byte, id ExchangeID, d *Data) []byte {
	dst = append(appendFrame(dst, KindData, id), byte(d.Flags))
	dst = binary.AppendUvarint(dst, d.Sequence)
	dst = appendString(dst, d.Section)
	return append(dst, d.Body...)
}

// AppendState appends a credit, a probe or an alive.
func AppendState(dst []byte, k Kind, id ExchangeID, s State) []byte {
	dst = append(appendFrame(dst, k, id), byte(s.Flags))
	dst = binary.AppendUvarint(dst, s.Received)
	dst = binary.AppendUvarint(dst, s.Limit)
	dst = binary.AppendUvarint(dst, s.Sent)
	return binary.AppendUvarint(dst, s.Age)
}

// AppendUnknown appends an unknown.
func AppendUnknown(dst []byte, id ExchangeID, f Flags, age uint64) []byte {
	return binary.AppendUvarint(append(appendFrame(dst, KindUnknown, id), byte(f)), age)
}

// AppendResend appends a resend.
func AppendResend(dst []byte, id ExchangeID, from uint64) []byte {
	return binary.AppendUvarint(appendFrame(dst, KindResend, id), from)
}

// AppendCancel appends a cancel.
func AppendCancel(dst []byte, id ExchangeID, code lattice.Code) []byte {
	return appendString(appendFrame(dst, KindCancel, id), code)
}

// Frame is a frame of which the rest has not been read.
type Frame struct {
	Kind     Kind
	Exchange ExchangeID
	rest     []byte
}

// errFrame is wrapped by all errors about frames.
var errFrame = fmt.Errorf("frame: %w", lattice.ErrInvalid)

// ParseFrame reads the beginning of a frame.
func ParseFrame(b []byte) (Frame, error) {
	const head = 2 + len(ExchangeID{})
	switch {
	case len(b) < head:
		return Frame{}, fmt.Errorf("%w: it has %d bytes", errFrame, len(b))
	case b[0] != FrameVersion:
		return Frame{}, fmt.Errorf("%w: it is of version %d and not %d", errFrame, b[0], FrameVersion)
	case b[1] == 0 || int(b[1]) >= len(kindNames):
		return Frame{}, fmt.Errorf("%w: there is no kind %d", errFrame, b[1])
	}
	return Frame{Kind: Kind(b[1]), Exchange: ExchangeID(b[2:head]), rest: b[head:]}, nil
}

// Open reads an open frame. The sections are part of what was parsed, the names may
// be those of frames before, and are not changed. known may be nil.
func (f Frame) Open(known *Names) (Open, error) {
	c := f.cursor()
	o := Open{Flags: c.flags()}
	o.Timeout = c.number(MaxMillis)
	o.Window = c.number(MaxWindow)
	o.Depth = c.number(MaxCallDepth)
	o.Hash = c.fixed64()
	n := c.names(known)
	o.Target, o.Interface, o.Function, o.Callers = n.target, n.iface, n.fn, n.callers
	o.Head = c.section(MaxHead)
	o.Body = c.rest(MaxChunk)
	return o, c.done(f.Kind)
}

// Data reads a data frame. Section and body are part of what was parsed.
func (f Frame) Data() (Data, error) {
	c := f.cursor()
	d := Data{Flags: c.flags(), Sequence: c.number(maxNumber), Section: c.section(MaxHead)}
	d.Body = c.rest(MaxChunk)
	sections := 0
	for _, one := range []Flags{FlagHead, FlagInfo, FlagTrailer, FlagFault} {
		if d.Flags&one != 0 {
			sections++
		}
	}
	switch {
	case sections > 1 || sections == 0 && len(d.Section) > 0:
		c.fail("a section that is not one thing")
	case d.Flags&(FlagTrailer|FlagFault) != 0 && d.Flags&FlagEnd == 0:
		c.fail("trailers or an error before the end")
	}
	return d, c.done(f.Kind)
}

// State reads a credit, a probe or an alive.
func (f Frame) State() (State, error) {
	c := f.cursor()
	s := State{Flags: c.flags(), Received: c.number(maxNumber), Limit: c.number(maxNumber), Sent: c.number(maxNumber), Age: c.number(maxNumber)}
	c.end()
	return s, c.done(f.Kind)
}

// Unknown reads an unknown.
func (f Frame) Unknown() (certain bool, age uint64, err error) {
	c := f.cursor()
	flags := c.flags()
	age = c.number(maxNumber)
	c.end()
	return flags&FlagCertain != 0, age, c.done(f.Kind)
}

// Resend reads a resend.
func (f Frame) Resend() (from uint64, err error) {
	c := f.cursor()
	from = c.number(maxNumber)
	c.end()
	return from, c.done(f.Kind)
}

// Cancel reads a cancel. A code that there is not becomes CodeCanceled.
func (f Frame) Cancel() (lattice.Code, error) {
	c := f.cursor()
	code := lattice.Code(c.section(maxCode))
	c.end()
	if code != lattice.CodeDeadline {
		code = lattice.CodeCanceled
	}
	return code, c.done(f.Kind)
}

func (f Frame) cursor() cursor { return cursor{kind: f.Kind, b: f.rest} }

// cursor reads fields. The first error stays; after it every method returns a
// zero.
type cursor struct {
	kind Kind
	b    []byte
	err  error
}

func (c *cursor) fail(what string) {
	if c.err == nil {
		c.err = errors.New(what)
	}
	c.b = nil
}

func (c *cursor) done(k Kind) error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %v", errFrame, k, c.err)
}

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.fail("it is cut off")
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

func (c *cursor) flags() Flags {
	f := Flags(c.byte())
	if f&^flagsOf[c.kind] != 0 {
		c.fail("flags that it cannot have")
		return 0
	}
	return f
}

func (c *cursor) number(limit uint64) uint64 {
	v, n := binary.Uvarint(c.b)
	switch {
	case n <= 0:
		c.fail("a number that is cut off")
		return 0
	case v > limit:
		c.fail("a number over its limit")
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) fixed64() uint64 {
	if len(c.b) < 8 {
		c.fail("it is cut off")
		return 0
	}
	v := binary.LittleEndian.Uint64(c.b)
	c.b = c.b[8:]
	return v
}

func (c *cursor) section(limit uint64) []byte {
	n := c.number(limit)
	if n > uint64(len(c.b)) {
		c.fail("a section that is cut off")
		return nil
	}
	s := c.b[:n:n]
	c.b = c.b[n:]
	return s
}

func (c *cursor) rest(limit int) []byte {
	if len(c.b) > limit {
		c.fail("a body over its limit")
		return nil
	}
	s := c.b
	c.b = nil
	return s
}

func (c *cursor) end() {
	if len(c.b) > 0 {
		c.fail("more after its end")
	}
}
