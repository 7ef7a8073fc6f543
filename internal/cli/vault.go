package cli

import (
	"log/slog"
	"path/filepath"

	"github.com/wattle-dev/wattle/host/secrets"
	"github.com/wattle-dev/wattle/lattice"
)

// vault returns what keeps the secrets of a host, in its directory.
func (id *identity) vault(l lattice.Lattice, name lattice.Name, verifier lattice.Verifier, dir dataDir, log *slog.Logger) (*secrets.Store, error) {
	key, err := id.key.SealKey()
	if err != nil {
		return nil, err
	}
	s, err := secrets.New(secrets.Options{
		Lattice: l, Name: name, Host: id.id, Signer: id.signer, Verifier: verifier, Key: key,
		Dir: filepath.Join(dir.host(), "secrets"), Logger: log,
	})
	return s, dir.explain(err)
}
