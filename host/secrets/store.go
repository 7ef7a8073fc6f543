// Package secrets has the values of the secrets that a host was told to give to
// components.
//
// A [Store] asks the scheduler for a version of a secret when it is needed for the first
// time. The answer is signed by a scheduler, and sealed for the host alone; in that form
// it is kept in a directory, so that the host can start again while no scheduler answers.
// In the clear a value is in memory only, for as long as something is told to have it.
package secrets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Options are what a Store is made of. All of them are needed.
type Options struct {
	Lattice lattice.Lattice
	// Name is that of the lattice, and Host the host's.
	Name lattice.Name
	Host lattice.HostID
	// Signer signs for the host, Verifier knows schedulers, and Key opens what is sealed
	// for the host.
	Signer   lattice.Signer
	Verifier lattice.Verifier
	Key      *seal.Key
	// Dir is where answers are kept. It is made if it is not there.
	Dir string
	// Logger is told what cannot be kept or forgotten. If nil, nobody is.
	Logger *slog.Logger
}

// Store has values of secrets. Its methods may be called at the same time.
type Store struct {
	o       Options
	subject string

	mu     sync.Mutex
	values map[lattice.SecretRef]string
}

// suffix ends the names of the files that a store keeps.
const suffix = ".secret"

// New returns a store.
func New(o Options) (*Store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Store{o: o, subject: wire.Subjects{Lattice: o.Name}.Secrets(o.Host), values: map[lattice.SecretRef]string{}}, nil
}

// Get returns the values of versions of secrets: those that it has, and for the others it
// asks. The error is lattice.ErrUnavailable if no scheduler answers, and lattice.ErrDenied
// if the one that does refuses one. It names no value.
func (s *Store) Get(ctx context.Context, refs []lattice.SecretRef) (map[lattice.SecretRef]string, error) {
	all := make(map[lattice.SecretRef]string, len(refs))
	for _, ref := range refs {
		value, err := s.get(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("version %d of secret %q: %w", ref.Version, ref.Name, err)
		}
		all[ref] = value
	}
	return all, nil
}

func (s *Store) get(ctx context.Context, ref lattice.SecretRef) (string, error) {
	s.mu.Lock()
	value, ok := s.values[ref]
	s.mu.Unlock()
	if ok {
		return value, nil
	}
	value, err := s.load(ref)
	if err != nil {
		// What was damaged, or signed by a scheduler that is trusted no more, is asked for
		// again.
		if value, err = s.ask(ctx, ref); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[ref] = value
	return value, nil
}

// Shared returns what the hosts and gateways of the lattice share; see wire.SharedSecret.
func (s *Store) Shared(ctx context.Context) (*seal.Shared, error) {
	ref := wire.SharedSecret()
	values, err := s.Get(ctx, []lattice.SecretRef{ref})
	if err != nil {
		return nil, err
	}
	return seal.ParseShared(values[ref])
}

// Keep forgets all values but those of some versions and the shared one, in memory and in
// the directory.
func (s *Store) Keep(refs []lattice.SecretRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]bool{}
	refs = append(slices.Clip(refs), wire.SharedSecret())
	for _, ref := range refs {
		names[fileName(ref)] = true
	}
	for ref := range s.values {
		if !slices.Contains(refs, ref) {
			delete(s.values, ref)
		}
	}
	entries, err := os.ReadDir(s.o.Dir)
	if err != nil {
		s.o.Logger.Warn("secrets that are not needed may be kept", "error", err)
	}
	for _, e := range entries {
		if !names[e.Name()] && (strings.HasSuffix(e.Name(), suffix) || strings.HasPrefix(e.Name(), temporary)) {
			if err := os.Remove(filepath.Join(s.o.Dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.o.Logger.Warn("a secret that is not needed is kept", "error", err)
			}
		}
	}
}

// ask asks the scheduler for a version, and keeps its answer.
func (s *Store) ask(ctx context.Context, ref lattice.SecretRef) (string, error) {
	document, err := wire.EncodeSecretRequest(&wire.SecretRequest{Host: s.o.Host, Secret: ref, Key: s.o.Key.Public()})
	if err != nil {
		return "", err
	}
	signed, err := s.o.Signer.Sign(s.subject, wire.SecretRequestKey, document)
	if err != nil {
		return "", err
	}
	m, err := s.o.Lattice.Request(ctx, &lattice.Message{Subject: s.subject, Data: signed})
	if err != nil {
		return "", fmt.Errorf("no scheduler answers: %w", err)
	}
	reply, err := wire.DecodeReply(m.Data)
	if err != nil {
		return "", err
	}
	if reply.Error != nil {
		return "", reply.Error
	}
	value, err := s.open(ref, reply.Result)
	if err != nil {
		return "", err
	}
	if err := s.save(ref, reply.Result); err != nil {
		// It is asked for again when the host starts anew.
		s.o.Logger.WarnContext(ctx, "a secret is not kept", "secret", string(ref.Name), "error", err)
	}
	return value, nil
}

// open opens the answer of a scheduler.
func (s *Store) open(ref lattice.SecretRef, signed []byte) (string, error) {
	document, err := s.o.Verifier.Scheduler(s.subject, wire.SecretAnswerKey, signed)
	if err != nil {
		return "", err
	}
	a, err := wire.DecodeSecretAnswer(document, s.o.Host, ref)
	if err != nil {
		return "", err
	}
	value, err := s.o.Key.Open(wire.HostSecretContext(s.o.Name, s.o.Host, ref), a.Sealed)
	if err != nil {
		return "", err
	}
	defer clear(value)
	return string(value), nil
}

// fileName is where the answer for a version is kept. Names of secrets differ in upper and
// lower case, which names of files need not.
func fileName(ref lattice.SecretRef) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", ref.Version, ref.Name))
	return hex.EncodeToString(sum[:16]) + suffix
}

// temporary begins the names of files that are being written.
const temporary = ".writing-"

// save keeps an answer, as it was signed and sealed.
func (s *Store) save(ref lattice.SecretRef, signed []byte) error {
	f, err := os.CreateTemp(s.o.Dir, temporary) // that only its owner can read
	if err != nil {
		return err
	}
	_, err = f.Write(signed)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.o.Dir, fileName(ref)))
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it may have another name by now
		return err
	}
	return nil
}

// load reads an answer that was kept.
func (s *Store) load(ref lattice.SecretRef) (string, error) {
	name := filepath.Join(s.o.Dir, fileName(ref))
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Size() > wire.MaxSigned {
		return "", fmt.Errorf("%q: %w: %d bytes", name, lattice.ErrInvalid, info.Size())
	}
	signed, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	return s.open(ref, signed)
}
