package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// maxAskedFor is how many requests of hosts for secrets are dealt with at the same time.
const maxAskedFor = 64

// secretKey returns what opens secrets, or why there is nothing.
func (s *Service) secretKey() (*seal.Key, error) {
	if s.opts.Secrets == nil {
		return nil, fmt.Errorf("secrets: %w: the credentials of this scheduler are of an older version: make new ones with `wattle lattice creds scheduler`, and start it again", lattice.ErrUnavailable)
	}
	return s.opts.Secrets, nil
}

// sealKey answers with what to seal secrets.
func (s *Service) sealKey() (*control.SecretsKeyResult, error) {
	k, err := s.secretKey()
	if err != nil {
		return nil, err
	}
	document, err := wire.EncodeSealKey(s.name, k.Public())
	if err != nil {
		return nil, err
	}
	signed, err := s.signer.Sign(wire.SealKeyBucket, wire.SealKeyKey, document)
	if err != nil {
		return nil, err
	}
	return &control.SecretsKeyResult{Signed: signed}, nil
}

// checkSealed refuses a secret that no host could be given later.
func (s *Service) checkSealed(c *control.PutSecret) error {
	k, err := s.secretKey()
	if err != nil {
		return err
	}
	value, err := k.Open(wire.SecretContext(s.name, c.Secret), c.Sealed)
	if err != nil {
		return fmt.Errorf("secret %q: %w", c.Secret, err)
	}
	defer clear(value)
	if len(value) == 0 || len(value) > wire.MaxSecretValue {
		return fmt.Errorf("secret %q: %w: its value has %d bytes, want 1 to %d", c.Secret, lattice.ErrInvalid, len(value), wire.MaxSecretValue)
	}
	return nil
}

// handOut has hosts be answered that ask for secrets, until end is called.
func (l *leading) handOut(ctx context.Context) (end func(), err error) {
	places := make(chan struct{}, maxAskedFor)
	sub, err := l.lattice.Subscribe(l.subjects.Secrets("*"), "", func(m *lattice.Message) {
		if m.Reply == "" || wire.FromJetStream(m) {
			return
		}
		select {
		case places <- struct{}{}:
		default:
			l.reply(m, nil, fmt.Errorf("secrets: %w: %d hosts ask at once: try again", lattice.ErrExhausted, maxAskedFor))
			return
		}
		l.aside.Go(func() {
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, opTimeout)
			defer cancel()
			signed, err := l.secretFor(ctx, m)
			l.reply(m, signed, err)
		})
	})
	if err != nil {
		return nil, err
	}
	return func() {
		if err := lattice.Leave(ctx, l.lattice, sub); err != nil {
			l.log.WarnContext(ctx, "subscription has not ended", "error", err)
		}
	}, nil
}

// reply answers a request for a secret.
func (l *leading) reply(m *lattice.Message, signed []byte, err error) {
	answer := &wire.Reply{Result: signed}
	if err != nil {
		answer = wire.ReplyOf(err)
	}
	data, err := wire.EncodeReply(answer)
	if err == nil {
		err = l.lattice.Publish(&lattice.Message{Subject: m.Reply, Data: data})
	}
	if err != nil {
		l.log.Warn("answer to a host is lost", "subject", m.Reply, "error", err)
	}
}

// secretFor is the answer to a request: the value of a version of a secret that the host
// was told to give to something, for the eyes of the host.
func (l *leading) secretFor(ctx context.Context, m *lattice.Message) ([]byte, error) {
	host, err := lattice.ParseHostID(strings.TrimPrefix(m.Subject, l.subjects.Secrets("")))
	if err != nil {
		return nil, err
	}
	document, err := l.verifier.Host(host, m.Subject, wire.SecretRequestKey, m.Data)
	if err != nil {
		return nil, err
	}
	q, err := wire.DecodeSecretRequest(document, host)
	if err != nil {
		return nil, err
	}
	key, err := l.secretKey()
	if err != nil {
		return nil, err
	}
	// Who does not lead any more does not know what hosts are to run.
	now, err := l.node.Verify(ctx)
	if err != nil {
		return nil, err
	}
	value, err := l.valueFor(ctx, now, key, host, q.Secret)
	if err != nil {
		return nil, err
	}
	defer clear(value)
	sealed, err := seal.Seal(q.Key, wire.HostSecretContext(l.name, host, q.Secret), value)
	if err != nil {
		return nil, err
	}
	answer, err := wire.EncodeSecretAnswer(&wire.SecretAnswer{Host: host, Secret: q.Secret, Sealed: sealed})
	if err != nil {
		return nil, err
	}
	level := slog.LevelInfo
	if q.Secret == wire.SharedSecret() {
		level = slog.LevelDebug // every host asks for it
	}
	l.log.Log(ctx, level, "secret handed out", "host", string(host), "secret", string(q.Secret.Name), "version", q.Secret.Version)
	return l.signer.Sign(m.Subject, wire.SecretAnswerKey, answer)
}

// valueFor returns the value of a version of a secret, if a host may have it.
func (l *leading) valueFor(ctx context.Context, now *state.State, key *seal.Key, host lattice.HostID, ref lattice.SecretRef) ([]byte, error) {
	if ref == wire.SharedSecret() {
		shared, err := key.Shared(seal.MCP)
		if err != nil {
			return nil, err
		}
		return []byte(shared.Reveal()), nil
	}
	if !now.Asks(host, ref) {
		l.log.WarnContext(ctx, "host is refused a secret", "host", string(host), "secret", string(ref.Name), "version", ref.Version)
		return nil, fmt.Errorf("secret %q: %w: host %s is told to run nothing that may ask for version %d of it", ref.Name, lattice.ErrDenied, host.Short(), ref.Version)
	}
	value, err := key.Open(wire.SecretContext(l.name, ref.Name), now.Secret(ref.Name).Version(ref.Version).Sealed)
	if err != nil {
		return nil, fmt.Errorf("secret %q: %w; it was stored for another key of the lattice's account: store it again with `wattle secret put %s`", ref.Name, err, ref.Name)
	}
	return value, nil
}
