package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// newNATSLab returns a lab over an embedded server on which each user has the
// permissions of its role.
func newNATSLab(tb testing.TB) *lab {
	tb.Helper()
	k := trusttest.Keyring(tb)
	operator, err := k.OperatorJWT()
	if err != nil {
		tb.Fatal(err)
	}
	accounts, err := k.Accounts()
	if err != nil {
		tb.Fatal(err)
	}
	files := tb.TempDir()
	server, err := natsserver.Start(tb.Context(), natsserver.Options{
		StoreDir: files, Port: -1, Operator: operator, Accounts: accounts, SystemAccount: k.SystemAccount(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			tb.Error(err)
		}
	})
	lab := labOn(tb, k, func(_ trust.Role, c *trust.Creds) lattice.Lattice {
		l, err := natslattice.Connect(tb.Context(), natslattice.Options{InProcess: server, Credentials: c})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { l.Close() })
		return l
	})
	lab.files = files
	return lab
}
