package natsmessaging

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// The fields of a header that are no metadata.
const (
	contentType  = "Content-Type"
	callersField = "Wattle-Callers"
	depthField   = "Wattle-Depth"
)

// header returns the header of a message that is sent in ctx, on behalf of the
// invocation there.
func (b *Broker) header(ctx context.Context, m *messaging.Message) (lattice.Header, error) {
	h, err := b.chain(ctx, m.Subject)
	if err != nil {
		return nil, err
	}
	h = tracecontext.Inject(ctx, h)
	if m.ContentType != "" {
		h[contentType] = []string{m.ContentType}
	}
	for _, f := range m.Metadata {
		h[f.Key] = []string{f.Value}
	}
	return h, nil
}

// chain returns a header that says on whose behalf a message is sent. An answer calls
// nobody: the chain does not grow by it, and nobody asks for it there.
func (b *Broker) chain(ctx context.Context, to string) (lattice.Header, error) {
	inv := lattice.InvocationOf(ctx)
	if inv == nil {
		return nil, fmt.Errorf("%w: messages cannot be sent while the component is initialized", lattice.ErrUnavailable)
	}
	if subject.IsInbox(to) {
		return lattice.Header{}, nil
	}
	on := *inv
	on.Target = b.component // whatever name it was called by
	next, err := on.Next("", "", "")
	if err != nil {
		return nil, err
	}
	callers := make([]string, len(next.Callers))
	for i, c := range next.Callers {
		callers[i] = escape(string(c))
	}
	return lattice.Header{callersField: {strings.Join(callers, ",")}, depthField: {strconv.Itoa(next.Depth)}}, nil
}

// context returns the context of a message that has arrived with a header.
func (b *Broker) context(h lattice.Header) context.Context {
	ctx := context.Background()
	if len(h) == 0 {
		return lattice.WithInvocation(ctx, origin())
	}
	inv, ok := parseChain(h)
	if !ok {
		inv = origin()
	}
	return lattice.WithInvocation(tracecontext.Extract(ctx, h), inv)
}

// origin is on whose behalf a message is that does not say it.
func origin() *lattice.Invocation {
	return &lattice.Invocation{Callers: []lattice.Caller{"message"}, Depth: lattice.DefaultDepth}
}

// parseChain reads on whose behalf a message was sent.
func parseChain(h lattice.Header) (*lattice.Invocation, bool) {
	depth, err := strconv.Atoi(h.Get(depthField))
	text := h.Get(callersField)
	if err != nil || depth < 0 || depth > lattice.DefaultDepth || text == "" || len(text) > lattice.MaxCallers*(3*wire.MaxCallerName+1) {
		return nil, false
	}
	inv := &lattice.Invocation{Depth: depth}
	for item := range strings.SplitSeq(text, ",") {
		caller, ok := unescape(item)
		if !ok || len(inv.Callers) == lattice.MaxCallers {
			return nil, false
		}
		inv.Callers = append(inv.Callers, lattice.Caller(caller))
	}
	return inv, true
}

// escape returns a name of a caller with %XX for what separates names, or has no place
// in a header.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '%' || c == ',' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape does the opposite, for names that escape could have made.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return "", false
			}
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			c = byte(n)
			i += 2
		}
		b.WriteByte(c)
	}
	name := b.String()
	return name, name != "" && len(name) <= wire.MaxCallerName && utf8.ValidString(name) && escape(name) == s
}

// fields has a message have the content type and the metadata of a header. What is not
// metadata, or too much of it, is left out: anybody may have sent it who may publish.
func fields(m *messaging.Message, h lattice.Header) {
	if len(h) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(h)) {
		value := strings.ToValidUTF8(h.Get(key), "\ufffd")
		one := messaging.Message{Metadata: []messaging.Field{{Key: key, Value: value}}}
		if strings.EqualFold(key, contentType) {
			one = messaging.Message{ContentType: value}
		}
		if one.CheckFields() != nil {
			continue
		}
		more := *m
		more.Metadata = append(slices.Clip(m.Metadata), one.Metadata...)
		if one.ContentType != "" {
			more.ContentType = one.ContentType
		}
		if more.CheckFields() == nil {
			*m = more
		}
	}
}
