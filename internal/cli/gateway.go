package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/providers/httpserver"
	"github.com/wattle-dev/wattle/providers/mcp"
)

func gatewayCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Run front doors of a lattice, with the gateway of its MCP servers",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(gatewayRunCommand(env))
	return cmd
}

// gatewayRunFlags are the flags of `wattle gateway run`.
type gatewayRunFlags struct {
	connectFlags
	addr    string
	anyHost bool
	timeout time.Duration
	admin   string
	drain   time.Duration
	quiet   bool
	output  string
}

const gatewayRunHelp = `Run a front door of a lattice that others run, without a host: requests go to the
hosts of the lattice. On a loopback address it has the gateway of the MCP servers at
/mcp, for clients on this machine that show the token in its data directory.

Any number of them may run. The first Ctrl-C or SIGTERM lets requests under way
finish; a second one ends it at once.`

const gatewayRunExamples = `  wattle lattice creds gateway --name laptop -o laptop.creds
  wattle gateway run --join nats://10.0.0.1:4222 --creds laptop.creds
  wattle mcp tools --data-dir ./gateway`

func gatewayRunCommand(env *Env) *cobra.Command {
	f := &gatewayRunFlags{}
	cmd := &cobra.Command{
		Use:     "run [flags]",
		Short:   "Run a front door of a lattice that others run",
		Long:    gatewayRunHelp,
		Example: gatewayRunExamples,

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, env) },
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&f.nats, "join", nil, "the NATS servers of the lattice, `URL,…`")
	f.addLattice(fs)
	fs.Lookup("data-dir").Usage = "keep the token of clients in `DIR` (default: one of its own in the user's state directory)"
	f.addNATS(fs)
	fs.StringVar(&f.addr, "addr", defaultAddr, "serve HTTP on `HOST:PORT`; port 0 takes a free one")
	fs.BoolVar(&f.anyHost, "any-host", false, "on a loopback address, answer for any host name, tell no reasons, and have no MCP gateway: for a proxy in front")
	fs.DurationVar(&f.timeout, "timeout", httpserver.DefaultTimeout, "how long a request may take, a `DURATION`, whatever its component allows")
	fs.StringVar(&f.admin, "admin-addr", "", "serve /livez and /readyz on `HOST:PORT`")
	fs.DurationVar(&f.drain, "drain-timeout", graceful, "how long requests under way may take when it stops, a `DURATION`")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but warnings and errors")
	fs.StringVarP(&f.output, "output", "o", "text", "announce the front door as `FORMAT`: text or json")
	completions := map[string]cobra.CompletionFunc{"output": completeOutput}
	for name, complete := range f.completions() {
		if name != "nats" {
			completions[name] = complete
		}
	}
	for _, name := range []string{"join", "addr", "timeout", "admin-addr", "drain-timeout"} {
		completions[name] = completeNothing
	}
	completeFlags(cmd, completions)
	return cmd
}

// check judges the flags.
func (f *gatewayRunFlags) check() error {
	switch {
	case len(f.nats) == 0:
		return &usageError{errors.New("run takes the NATS servers of a lattice: --join nats://HOST:4222; wattle up has a front door of its own")}
	case f.timeout <= 0:
		return &usageError{errors.New("--timeout must be positive")}
	case f.drain <= 0:
		return &usageError{errors.New("--drain-timeout must be positive")}
	}
	return checkOutput(f.output)
}

func (f *gatewayRunFlags) run(cmd *cobra.Command, env *Env) error {
	if _, err := settings(env, cmd.Flags()); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	p, err := f.remote()
	if err != nil {
		return err
	}
	switch {
	case p.creds != nil && p.creds.Role != trust.RoleGateway:
		return &usageError{fmt.Errorf("the credentials are those of role %q, and a front door needs those of role %q: make them with wattle lattice creds gateway", p.creds.Role, trust.RoleGateway)}
	case len(p.issuers) == 0:
		return &usageError{errors.New("the front door has to know whose scheduler it shall believe: give it --creds, or the public key of the lattice's account with --trust")}
	}
	dir := dataDir(f.dataDir)
	if dir == "" {
		base, err := defaultDataDir(env)
		if err != nil {
			return err
		}
		dir = dataDir(filepath.Join(string(base), "gateways", string(p.name)))
	}
	release, err := dir.open()
	if err != nil {
		return err
	}
	defer release()
	log := newLog(env.Stderr, f.quiet)
	defer log.close()
	log.hide("lattice", string(p.name))
	d := &frontDoor{gatewayRunFlags: f, parts: newParts(env, log), place: p, dir: dir}
	return d.run(cmd.Context())
}

// frontDoor is a `wattle gateway run` that runs.
type frontDoor struct {
	*gatewayRunFlags
	parts
	place *place
	dir   dataDir

	listener  net.Listener
	lattice   lattice.Lattice
	directory *directory.Directory
	running   running
}

// run starts everything and, when ctx ends, stops it in the opposite order.
func (d *frontDoor) run(ctx context.Context) (err error) {
	defer func() {
		if e := d.stop(); err == nil {
			err = e
		}
		if err == nil {
			d.log.note("stopped")
		}
	}()
	for _, step := range []func(context.Context) error{d.listen, d.serve, d.record} {
		if err := step(ctx); err != nil {
			return interrupted(ctx, err)
		}
	}
	if err := d.announce(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		d.log.note("stopping; Ctrl-C again stops at once")
		return nil
	case err := <-d.failed:
		return err
	}
}

func (d *frontDoor) listen(ctx context.Context) error {
	var err error
	if d.listener, err = listen(ctx, d.addr); err != nil {
		return err
	}
	d.stops = append(d.stops, func() error { _ = d.listener.Close(); return nil })
	if d.admin == "" {
		return nil
	}
	admins, err := listenOn(ctx, "--admin-addr", d.admin)
	if err != nil {
		return err
	}
	d.begin(ctx, "--admin-addr", func(ctx context.Context) error {
		return webserver.Serve(ctx, admins, httpserver.Admin(d.ready), webserver.Options{Grace: time.Second, Logger: d.log.logger()})
	})
	return nil
}

// ready returns why requests cannot be answered, or nil.
func (d *frontDoor) ready() error {
	switch {
	case d.lattice == nil || !d.lattice.Connected():
		return errors.New("there is no connection to the lattice")
	case !d.directory.Synced():
		return errors.New("it is not known yet what runs where")
	}
	return nil
}

// serve connects to the lattice and answers requests.
func (d *frontDoor) serve(ctx context.Context) error {
	log := d.log.logger()
	t, end, err := measures(ctx, d.env, d.place.name, "", log)
	if err != nil {
		return err
	}
	d.stops = append(d.stops, func() error { end(); return nil })
	verifier, err := trust.NewVerifier(d.place.name, d.place.issuers...)
	if err != nil {
		return &usageError{err}
	}
	o := d.place.options
	o.Name = "wattle gateway"
	nats, err := connectDaemon(ctx, o, log)
	if err != nil {
		return err
	}
	d.stops = append(d.stops, nats.Close)
	if err := nats.Established(ctx); err != nil {
		return err
	}
	d.lattice = t.Lattice(nats)
	d.directory = directory.New(d.lattice, d.place.name, verifier, &directory.Options{Logger: log})
	client, err := invoke.NewClient(d.lattice, d.place.name, &invoke.Options{Logger: log})
	if err != nil {
		return err
	}
	d.stops = append(d.stops, func() error { client.Close(); return nil })
	d.begin(ctx, "the directory", d.directory.Run)
	router := t.Invoker(invoke.NewRouter(client, d.directory, nil, ""))
	front := &httpserver.Options{Local: d.local(), Timeout: d.timeout, Wrap: t.Front, Logger: log}
	var a *agents
	if d.local() {
		shared, err := d.shared()
		if err != nil {
			return err
		}
		if a, err = d.newAgents(ctx, d.dir, router, d.directory, shared); err != nil {
			return err
		}
		front.Gateway = a
	}
	door := httpserver.New(router, d.directory, front)
	d.begin(ctx, "the front door", func(ctx context.Context) error {
		err := door.Serve(ctx, d.listener, d.drain)
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("requests that were still under way after %v were cut off", d.drain)
		}
		return err
	})
	d.running = running{Lattice: d.place.name, NATS: strings.Join(d.nats, ","), HTTP: "http://" + d.listener.Addr().String()}
	if at := d.address(); at.IsValid() {
		d.running.HTTP = "http://" + reachable(at).String()
	}
	if a != nil {
		d.follow(ctx, a)
		d.running.MCP = d.running.HTTP + mcp.Path
	}
	return nil
}

// shared returns what gateways of the lattice share, nil if the lattice is one without
// credentials, or these are old.
func (d *frontDoor) shared() (*seal.Shared, error) {
	if d.place.creds == nil {
		return nil, nil //nolint:nilnil // the gateway has a key of its own then
	}
	shared, err := d.place.creds.GatewayKey()
	if errors.Is(err, lattice.ErrNotFound) {
		d.log.note("sessions of MCP are those of this gateway alone: %v", err)
		return nil, nil //nolint:nilnil // the same
	}
	return shared, err
}

func (d *frontDoor) local() bool { return d.address().Addr().IsLoopback() && !d.anyHost }

// address returns where the front door listens.
func (d *frontDoor) address() netip.AddrPort {
	addr, err := netip.ParseAddrPort(d.listener.Addr().String())
	if err != nil {
		return netip.AddrPort{} // it is no loopback address
	}
	return addr
}

// record has commands find the gateway.
func (d *frontDoor) record(context.Context) error { return d.recorded(d.dir, &d.running) }

func (d *frontDoor) announce() error {
	switch {
	case d.output == "json":
		return json.NewEncoder(d.env.Stdout).Encode(&d.running)
	case d.quiet:
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "front door of lattice %s\n\n  URL    %s\n", d.running.Lattice, d.running.HTTP)
	if d.running.MCP != "" {
		fmt.Fprintf(&b, "  MCP    %s, of one server at %s/NAME\n\nfor an agent\n  wattle mcp config --data-dir %s\n", d.running.MCP, d.running.MCP, shellQuote(string(d.dir)))
	}
	b.WriteString("\nCtrl-C stops it.\n")
	_, err := fmt.Fprint(d.env.Stdout, printable(b.String()))
	return err
}
