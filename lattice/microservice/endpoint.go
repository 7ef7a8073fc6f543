package microservice

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// endpoint is an Endpoint with what is counted of it.
type endpoint struct {
	Endpoint

	mu        sync.Mutex
	requests  int64
	errors    int64
	lastError string
	took      time.Duration
}

func (e *endpoint) count(took time.Duration, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	e.took += took
	if err != nil {
		e.errors++
		e.lastError = clean(err.Error())
	}
}

// errBusy refuses requests beyond those that run and wait.
var errBusy = &lattice.Error{Code: lattice.CodeExhausted, Message: "too many requests are under way: try again", Undelivered: true}

// begin has a request be handled by a goroutine of its own, if there is room.
func (s *Service) begin(e *endpoint, m *lattice.Message) {
	s.mu.Lock()
	closed, full := s.closed, s.inside == s.opts.MaxConcurrent+s.opts.MaxWaiting
	if !closed && !full {
		s.inside++
		s.handlers.Add(1)
	}
	s.mu.Unlock()
	switch {
	case closed:
		s.send(m, nil, errClosed)
	case full:
		e.count(0, errBusy)
		s.send(m, nil, errBusy)
	default:
		go s.handle(e, m)
	}
}

// handle answers a request.
func (s *Service) handle(e *endpoint, m *lattice.Message) {
	defer func() {
		s.mu.Lock()
		s.inside--
		s.mu.Unlock()
		s.handlers.Done()
	}()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.Timeout)
	defer cancel()
	var value any
	var err error
	select {
	case s.slots <- struct{}{}:
		value, err = e.Handle(ctx, m)
		<-s.slots
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	answer, err := s.encode(m, value, err)
	e.count(time.Since(begun), err) // before who asked can ask for the counters
	s.publish(m, answer)
}

// failure is the body of an answer that is an error.
type failure struct {
	Error struct {
		Code    lattice.Code `json:"code"`
		Message string       `json:"message"`
	} `json:"error"`
}

// maxMessage bounds the text of an error in a header.
const maxMessage = 1 << 10

// send answers a request with a value or an error.
func (s *Service) send(m *lattice.Message, value any, err error) {
	answer, _ := s.encode(m, value, err)
	s.publish(m, answer)
}

// encode returns the answer to a request, and the error that it has: the given one,
// or what is wrong with the value.
func (s *Service) encode(m *lattice.Message, value any, err error) (*lattice.Message, error) {
	answer := &lattice.Message{Subject: m.Reply}
	if err == nil {
		answer.Data, err = json.Marshal(value)
	}
	if most := s.messenger.MaxPayload(); err == nil && len(answer.Data) > most {
		err = &lattice.Error{
			Code:    lattice.CodeExhausted,
			Message: "the answer has " + strconv.Itoa(len(answer.Data)) + " bytes and a message takes " + strconv.Itoa(most),
		}
	}
	if err != nil {
		answer.Header, answer.Data = refusal(err)
	}
	return answer, err
}

// publish sends an answer, if somebody waits for one.
func (s *Service) publish(m, answer *lattice.Message) {
	if m.Reply == "" {
		return
	}
	if err := s.messenger.Publish(answer); err != nil {
		s.opts.Logger.Warn("answer not sent", "subject", m.Subject, "error", err)
	}
}

// status are the codes of HTTP that the protocol's clients expect.
var status = map[lattice.Code]int{
	lattice.CodeInvalid: 400, lattice.CodeDenied: 403, lattice.CodeNotFound: 404, lattice.CodeExists: 409,
	lattice.CodeConflict: 409, lattice.CodeExhausted: 429, lattice.CodeUnavailable: 503, lattice.CodeDeadline: 504,
}

// refusal returns an error as answer.
func refusal(err error) (lattice.Header, []byte) {
	var f failure
	f.Error.Code, f.Error.Message = lattice.CodeOf(err), clean(err.Error())
	code := status[f.Error.Code]
	if code == 0 {
		code = 500
	}
	data, err := json.Marshal(&f)
	if err != nil {
		data = nil // it consists of two strings
	}
	return lattice.Header{
		"Nats-Service-Error":      {strings.ReplaceAll(f.Error.Message, "\n", "; ")},
		"Nats-Service-Error-Code": {strconv.Itoa(code)},
	}, data
}

// clean returns a text that a header can have, but for line feeds.
func clean(text string) string {
	text = text[:min(len(text), maxMessage)]
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "\ufffd"))
}
