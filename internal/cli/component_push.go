package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// push stores a component in the lattice, unless it is there, and returns what
// names it. Without a binary the ref is that of one that is there.
func (s *session) push(ctx context.Context, env *Env, p *program, what string) (ref, digest string, err error) {
	if p == nil {
		return what, "", nil
	}
	sum := sha256.Sum256(p.wasm)
	digest = "sha256:" + hex.EncodeToString(sum[:])
	store, err := s.Objects(ctx, wire.Buckets{Lattice: s.name}.Artifacts(), false)
	if err == nil {
		shown, total := newWait(env, "storing "+what), uint64(len(p.wasm))
		err = storeProgram(ctx, store, p, digest, func(n uint64) { shown.say("%s of %s", formatSize(n), formatSize(total)) })
		shown.end()
	}
	if err != nil {
		return "", "", fmt.Errorf("store component %q: %w", what, err)
	}
	return what, digest, nil
}

// storeProgram stores a component, unless it is there, and where it comes from. say is
// told how many bytes have been stored.
func storeProgram(ctx context.Context, store lattice.Objects, p *program, digest string, say func(uint64)) error {
	name, err := wire.ArtifactName(digest)
	if err != nil {
		return err
	}
	there, err := store.Has(ctx, name)
	if err == nil && !there {
		err = store.Put(ctx, name, &meter{r: bytes.NewReader(p.wasm), f: say})
	}
	return errors.Join(err, pushProvenance(ctx, store, p, digest))
}

// pushProvenance stores where a component comes from, if it is from a registry: hosts
// hold it against the image policy. The same binary from a file leaves it as it is.
func pushProvenance(ctx context.Context, store lattice.Objects, p *program, digest string) error {
	if p.provenance == nil {
		return nil
	}
	name, err := wire.ProvenanceName(digest)
	if err != nil {
		return err
	}
	data, err := p.provenance.Encode()
	if err != nil {
		return err
	}
	if err := store.Put(ctx, name, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("store the provenance of %q: %w", p.file, err)
	}
	return nil
}

// meter says how much has been read.
type meter struct {
	r io.Reader
	n uint64
	f func(uint64)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += uint64(n)
	m.f(m.n)
	return n, err
}

func componentPushCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:     "push [flags] FILE",
		Short:   "Store a component in a lattice, and print its digest",
		Long:    "Store a component in a lattice, without having it run, and print its digest, which\n\"wattle component start\" takes in the place of the file.",
		Example: "  wattle component push shop.wasm",

		DisableFlagsInUseLine: true,

		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			p, err := openProgram(ctx, env, args[0])
			if err != nil {
				return err
			}
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			_, digest, err := s.push(ctx, env, p, args[0])
			if err != nil {
				return interrupted(ctx, err)
			}
			return done(env, "%s", digest)
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}
