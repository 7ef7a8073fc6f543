package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// connectFlags say where a lattice is and who asks.
type connectFlags struct {
	nats    []string
	creds   string
	nkey    string
	lattice string
	dataDir string
	trust   []string
	tls     natslattice.TLS
	config  string
}

func (c *connectFlags) add(fs *pflag.FlagSet) {
	c.addLattice(fs)
	fs.StringSliceVar(&c.nats, "nats", nil, "the NATS servers, `URL,…` (default: those of the wattle up on --data-dir)")
	c.addNATS(fs)
}

// addLattice adds the flags that every command of a lattice has.
func (c *connectFlags) addLattice(fs *pflag.FlagSet) {
	fs.StringVar(&c.lattice, "lattice", "", "the `NAME` of the lattice (default: that of the credentials, or \"default\")")
	fs.StringVar(&c.dataDir, "data-dir", "", "the `DIR` of a wattle up (default $WATTLE_DATA_DIR, or wattle in the user's state directory)")
	fs.StringVar(&c.config, "config", "", "read flags that are not given from a YAML `FILE`")
}

// addNATS adds the flags for NATS servers that others run.
func (c *connectFlags) addNATS(fs *pflag.FlagSet) {
	fs.StringVar(&c.creds, "creds", "", "the credentials `FILE` to connect with")
	fs.StringVar(&c.nkey, "nkey", "", "the `FILE` with the seed of the key, SU…, that NATS knows this user by (default: that of the credentials)")
	fs.StringArrayVar(&c.trust, "trust", nil, "believe schedulers of an account, by its public `KEY`; repeatable (default: the account of the credentials)")
	fs.StringVar(&c.tls.CA, "tls-ca", "", "the `FILE` of the authorities that vouch for the NATS servers (default: those of the system)")
	fs.StringVar(&c.tls.Cert, "tls-cert", "", "the `FILE` of the certificate to show NATS servers")
	fs.StringVar(&c.tls.Key, "tls-key", "", "the `FILE` of the key of --tls-cert")
}

// completions are those of the flags.
func (*connectFlags) completions() map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"nats": completeNothing, "lattice": completeNothing, "data-dir": completeDirectory, "trust": completeNothing,
	}
}

// place is a lattice and how to reach it.
type place struct {
	name    lattice.Name
	options natslattice.Options
	// creds are those that --creds names, nil without.
	creds *trust.Creds
	// issuers are the accounts whose schedulers are believed.
	issuers []string
	// local is what runs on the data directory, nil if the place is another.
	local *running
	dir   dataDir
}

// place finds the lattice: by NATS flags, then --data-dir, then NATS variables,
// then the default data directory. given are the flags on the command line.
func (c *connectFlags) place(env *Env, given map[string]bool) (*place, error) {
	named := given["nats"] || given["creds"]
	if named || !given["data-dir"] && (len(c.nats) > 0 || c.creds != "") {
		return c.remote()
	}
	dir, err := c.dir(env)
	if err != nil {
		return nil, err
	}
	return c.local(dir)
}

// dir returns the data directory.
func (c *connectFlags) dir(env *Env) (dataDir, error) {
	if c.dataDir != "" {
		return dataDir(c.dataDir), nil
	}
	return defaultDataDir(env)
}

// remote is a lattice on NATS servers that others run.
func (c *connectFlags) remote() (*place, error) {
	p := &place{name: lattice.Name(c.lattice), issuers: c.trust}
	p.options.URLs = c.nats
	p.options.CredentialsFile = c.creds
	if c.tls != (natslattice.TLS{}) {
		p.options.TLS = &c.tls
	}
	if c.nkey != "" {
		key, err := trust.OpenKey(c.nkey)
		if err != nil {
			return nil, fmt.Errorf("--nkey: %w", err)
		}
		p.options.Key, p.options.CredentialsFile = key, ""
	}
	if c.creds != "" {
		creds, err := trust.ReadCreds(c.creds)
		if err != nil {
			return nil, fmt.Errorf("--creds: %w", err)
		}
		switch {
		case creds.Role == trust.RoleWasmCloud:
			return nil, &usageError{fmt.Errorf("--creds %q is for the tools of wasmCloud: make others for wattle with wattle lattice creds operator", c.creds)}
		case p.name == "":
			p.name = creds.Lattice
		case creds.Lattice != "" && creds.Lattice != p.name:
			return nil, &usageError{fmt.Errorf("--creds %q is for lattice %q, not for --lattice %q", c.creds, creds.Lattice, p.name)}
		}
		if len(p.issuers) == 0 {
			p.issuers = []string{creds.Account}
		}
		p.creds = creds
	}
	if p.name == "" {
		p.name = lattice.DefaultName
	}
	if _, err := lattice.ParseName(string(p.name)); err != nil {
		return nil, &usageError{err}
	}
	return p, nil
}

// local is the lattice of a `wattle up` on this machine.
func (c *connectFlags) local(dir dataDir) (*place, error) {
	r, err := dir.now("say where it is with --nats and --creds")
	if err != nil {
		return nil, err
	}
	p := &place{name: r.Lattice, local: r, dir: dir}
	if c.lattice != "" {
		p.name = lattice.Name(c.lattice)
	}
	ring, err := trust.Open(dir.keys())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: what runs on data directory %q has joined a lattice that others run, at %s: give commands the credentials of an operator with --nats and --creds", lattice.ErrUnavailable, dir, r.NATS)
	}
	if err != nil {
		return nil, err
	}
	if p.options.Credentials, err = ring.Creds(p.name, trust.RoleOperator, ""); err != nil {
		return nil, err
	}
	account, err := ring.Account(p.name)
	if err != nil {
		return nil, err
	}
	p.options.URLs = []string{r.NATS}
	p.issuers = []string{account}
	return p, nil
}

// session is a connection to a lattice, for commands.
type session struct {
	*place
	lattice.Lattice
	*inventory.Source
	control control.Client
}

// open resolves the flags and connects.
func (c *connectFlags) open(ctx context.Context, env *Env, fs *pflag.FlagSet) (*session, error) {
	given, err := settings(env, fs)
	if err != nil {
		return nil, err
	}
	p, err := c.place(env, given)
	if err != nil {
		return nil, err
	}
	log := newLog(env.Stderr, false)
	s, err := p.connect(ctx, log.logger())
	if err != nil {
		log.close()
		return nil, err
	}
	s.Lattice = &logged{s.Lattice, log}
	return s, nil
}

// logged is a lattice whose log ends with it.
type logged struct {
	lattice.Lattice
	log *log
}

func (l *logged) Close() error {
	err := l.Lattice.Close()
	l.log.close()
	return err
}

// connect connects to the lattice.
func (p *place) connect(ctx context.Context, log *slog.Logger) (*session, error) {
	o := p.options
	o.Logger = log
	l, err := natslattice.Connect(ctx, o)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil && p.local != nil:
		return nil, fmt.Errorf("%w; process %d, the wattle up on data directory %q, may have ended: start it again", err, p.local.PID, p.dir)
	case err != nil:
		return nil, err
	}
	verify, err := trust.NewVerifier(p.name, p.issuers...)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &session{
		place:   p,
		Lattice: l,
		Source: &inventory.Source{Lattice: l, Name: p.name, Verify: verify, Refused: func(bucket, key string, err error) {
			log.WarnContext(ctx, "document ignored", "bucket", bucket, "key", key, "error", err)
		}},
		control: control.Client{Messenger: l, Lattice: p.name},
	}, nil
}
