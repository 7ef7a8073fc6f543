package natslattice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
)

// Numbers of errors of JetStream, which its errors.json lists.
const (
	codeNotEnabled        = 10076
	codeNotEnabledAccount = 10039
	codeAccountLimits     = 10002
	codeStreamNotFound    = 10059
	codeStreamNameInUse   = 10058
	codeWrongLastSequence = 10071
	codeWrongLastConstant = 10164
	codeMessageTooLarge   = 10054
	codeNoMemory          = 10028
	codeNoStorage         = 10047
	codeNoResources       = 10023
	codeMaxConsumers      = 10026
	codeMaxStreams        = 10027
	codeStoreFailed       = 10077
	codeStreamUpdate      = 10052
	codeBytesRequired     = 10113
	codeNoLimits          = 10120
	codeMaxStreamBytes    = 10122
	codeReplicas          = 10074
	codeNoPeers           = 10005
)

// apiError is an error of JetStream.
type apiError struct {
	Code        int    `json:"code"`
	Number      int    `json:"err_code"`
	Description string `json:"description"`
}

// Error implements error.
func (e *apiError) Error() string { return fmt.Sprintf("JetStream: %s", e.Description) }

// Unwrap returns the kind of the error.
func (e *apiError) Unwrap() error {
	switch e.Number {
	case codeWrongLastSequence, codeWrongLastConstant, codeStreamNameInUse:
		return lattice.ErrConflict
	case codeStreamUpdate:
		return lattice.ErrConflict
	case codeAccountLimits, codeNoMemory, codeNoStorage, codeNoResources, codeMaxConsumers, codeMaxStreams,
		codeMessageTooLarge, codeBytesRequired, codeNoLimits, codeMaxStreamBytes:
		return lattice.ErrExhausted
	case codeStoreFailed:
		if e.full() {
			return lattice.ErrExhausted
		}
		return lattice.ErrUnavailable
	case codeReplicas:
		return lattice.ErrInvalid
	case codeNoPeers: // servers of the cluster are away, or have not found each other yet
		return lattice.ErrUnavailable
	}
	switch {
	case e.Code == 404:
		return lattice.ErrNotFound
	case e.Code == 429:
		return lattice.ErrExhausted
	case e.Code == 503:
		return lattice.ErrUnavailable
	case e.Code/100 == 4:
		return lattice.ErrInvalid
	}
	return lattice.ErrInternal
}

// full reports whether a message was not stored because something is full.
func (e *apiError) full() bool {
	for _, s := range []string{"maximum bytes", "maximum messages", "no space left", "resource limits exceeded", "quota exceeded"} {
		if strings.Contains(e.Description, s) {
			return true
		}
	}
	return false
}

// disabled reports whether there is no JetStream at all.
func (e *apiError) disabled() bool {
	return e.Number == codeNotEnabled || e.Number == codeNotEnabledAccount
}

// advice returns err with what to do about it, where something can be said.
func advice(err error) error {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		return err
	}
	switch {
	case e.Number == codeNoStorage || e.Number == codeStoreFailed && strings.Contains(e.Description, "no space left"):
		return fmt.Errorf("%w: the disk of the NATS server is full, or its JetStream limit (max_file_store) is reached: free space, or raise the limit", err)
	case e.Number == codeStoreFailed && strings.Contains(e.Description, "maximum bytes"):
		return fmt.Errorf("%w: delete something, or make it larger", err)
	case e.Number == codeNoMemory:
		return fmt.Errorf("%w: the JetStream limit of the NATS server (max_memory_store) is reached: raise it", err)
	case e.Number == codeAccountLimits || e.Number == codeMaxStreamBytes || e.Number == codeNoLimits:
		return fmt.Errorf("%w: the JetStream limit of the NATS account is reached: raise it", err)
	case e.Number == codeReplicas:
		return fmt.Errorf("%w: the NATS server is not part of a cluster: use one replica", err)
	}
	return err
}

const (
	// retryPause and retryFor bound repeating what certainly reached nobody, as
	// while a cluster elects a leader.
	retryPause = 100 * time.Millisecond
	retryFor   = 2 * time.Second
)

// send makes a request of JetStream, again if it reached nobody. The error may
// be nats.ErrNoResponders.
func (l *Lattice) send(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	own := context.DeadlineExceeded
	if _, ok := ctx.Deadline(); !ok {
		own = nil
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	begin := time.Now()
	for {
		answer, err := l.request(ctx, m)
		if err == nil {
			return answer, nil
		}
		if errors.Is(err, context.DeadlineExceeded) {
			if l.Connected() {
				err = fmt.Errorf("%w: JetStream does not answer: its servers lack a majority or cannot write to their disks, see what they log: %v", lattice.ErrUnavailable, err)
			} else {
				err = fmt.Errorf("%w: there is no connection to NATS", lattice.ErrUnavailable)
			}
			if own != nil {
				err = fmt.Errorf("%w: %w", own, err)
			}
			return nil, err
		}
		if !errors.Is(err, nats.ErrNoResponders) || time.Since(begin) > retryFor {
			return nil, err
		}
		pause := time.NewTimer(retryPause)
		select {
		case <-pause.C:
		case <-l.done:
			pause.Stop()
			return nil, errClosed
		case <-ctx.Done():
			pause.Stop()
			return nil, err
		}
	}
}

// unavailable gives an error of send its kind, if it has none.
func unavailable(err error) error {
	if errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("%w: JetStream is not there, or what is asked for is not: %w", lattice.ErrUnavailable, err)
	}
	return err
}

// call makes a request of the JetStream API and reads the answer into response.
func (l *Lattice) call(ctx context.Context, name string, request, response any) error {
	var data []byte
	if request != nil {
		var err error
		if data, err = json.Marshal(request); err != nil {
			return fmt.Errorf("%s: %w: %v", name, lattice.ErrInternal, err)
		}
	}
	answer, err := l.send(ctx, &nats.Msg{Subject: l.api + name, Data: data})
	if err != nil {
		return unavailable(err)
	}
	return decode(answer.Data, response)
}

// decode reads an answer of JetStream.
func decode(data []byte, response any) error {
	var failed struct {
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(data, &failed); err != nil {
		return fmt.Errorf("JetStream: %w: an answer that is not JSON: %v", lattice.ErrInternal, err)
	}
	if failed.Error != nil {
		return failed.Error
	}
	if err := json.Unmarshal(data, response); err != nil {
		return fmt.Errorf("JetStream: %w: %v", lattice.ErrInternal, err)
	}
	return nil
}

// stored is the answer to a message that a stream keeps.
type stored struct {
	Stream   string `json:"stream"`
	Sequence uint64 `json:"seq"`
}

// store sends a message to a stream and waits until it is kept.
func (l *Lattice) store(ctx context.Context, stream string, m *nats.Msg) (uint64, error) {
	answer, err := l.send(ctx, m)
	if err != nil {
		return 0, unavailable(err)
	}
	var s stored
	if err := decode(answer.Data, &s); err != nil {
		return 0, advice(err)
	}
	if s.Stream != stream || s.Sequence == 0 {
		return 0, fmt.Errorf("%w: the answer came from stream %q and not from %q", lattice.ErrInternal, s.Stream, stream)
	}
	return s.Sequence, nil
}

// kept is a message that a stream keeps.
type kept struct {
	sequence uint64
	time     time.Time
	header   nats.Header
	data     []byte
}

// last returns the last message of a subject, or ErrNotFound.
func (l *Lattice) last(ctx context.Context, stream, subject string) (*kept, error) {
	answer, err := l.send(ctx, &nats.Msg{Subject: l.api + "DIRECT.GET." + stream + "." + subject})
	if err != nil {
		return nil, unavailable(err)
	}
	// What is kept may be an answer itself, which somebody had sent to the subject:
	// then it has all these fields already, and the server's own come last.
	field := func(name string) string {
		if values := answer.Header[name]; len(values) > 0 {
			return values[len(values)-1]
		}
		return ""
	}
	if status := answer.Header.Get("Status"); status != "" && field("Nats-Subject") != subject {
		if status == "404" {
			return nil, lattice.ErrNotFound
		}
		return nil, fmt.Errorf("%w: JetStream: %s %s", lattice.ErrUnavailable, status, answer.Header.Get("Description"))
	}
	k := &kept{header: answer.Header, data: answer.Data}
	if field("Nats-Subject") != subject {
		return nil, fmt.Errorf("%w: the answer is about another subject", lattice.ErrInternal)
	}
	if _, err := fmt.Sscanf(field("Nats-Sequence"), "%d", &k.sequence); err != nil {
		return nil, fmt.Errorf("%w: the answer has no sequence number", lattice.ErrInternal)
	}
	if k.time, err = time.Parse(time.RFC3339Nano, field("Nats-Time-Stamp")); err != nil {
		return nil, fmt.Errorf("%w: the answer has no time", lattice.ErrInternal)
	}
	return k, nil
}

// validName reports whether s can be the name of a bucket or stream.
func validName(s string) bool {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= 200
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
