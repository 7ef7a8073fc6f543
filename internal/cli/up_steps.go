package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/host/secrets"
	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/providers/httpserver"
	"github.com/wattle-dev/wattle/providers/mcp"
	"github.com/wattle-dev/wattle/scheduler"
)

// up is a `wattle up` that runs.
type up struct {
	*upFlags
	parts
	given   map[string]bool // flags on the command line
	env     *Env
	dir     dataDir
	running running
	// manifests are those of --app.
	manifests []*appFile

	listener  net.Listener // of the front door
	admins    net.Listener // of --admin-addr, or nil
	place     *place       // where the host connects
	id        *identity
	server    *natsserver.Server // nil if others run it
	telemetry *telemetry.Telemetry
	lattice   lattice.Lattice // the host's connection
	verifier  lattice.Verifier
	vault     *secrets.Store
	daemon    *daemon.Daemon
	directory *directory.Directory
	door      *httpserver.Server
	agents    *agents            // nil if the front door is for others than this machine
	scheduler *scheduler.Service // nil if others run it
	reports   *inventory.Source  // where the scheduler reads what hosts report; nil if others run it
}

// listen opens the addresses of HTTP, so that one that is in use is known at once.
func (u *up) listen(ctx context.Context) error {
	var err error
	if u.listener, err = listen(ctx, u.addr); err != nil {
		return err
	}
	// Serve closes it as well, which does no harm.
	u.stops = append(u.stops, func() error { _ = u.listener.Close(); return nil })
	if u.admin == "" {
		return nil
	}
	if u.admins, err = listenOn(ctx, "--admin-addr", u.admin); err != nil {
		return err
	}
	u.stops = append(u.stops, func() error { _ = u.admins.Close(); return nil })
	return nil
}

// own starts NATS and the scheduler of a lattice of our own.
func (u *up) own(ctx context.Context) error {
	name, err := u.latticeName()
	if err != nil {
		return err
	}
	ring, err := trust.OpenOrInit(u.dir.keys(), name)
	if err != nil {
		return u.dir.explain(err)
	}
	u.log.hide("lattice", string(name))
	if err := u.startNATS(ctx, ring); err != nil {
		return err
	}
	account, err := ring.Account(name)
	if err != nil {
		return err
	}
	if u.verifier, err = trust.NewVerifier(name, account); err != nil {
		return err
	}
	if err := u.schedule(ctx, ring, name, account); err != nil {
		return err
	}
	creds, err := ring.Creds(name, trust.RoleHost, "up")
	if err != nil {
		return u.dir.explain(err)
	}
	if u.id, err = hostIdentity(creds); err != nil {
		return err
	}
	u.id.name = "" // these credentials are our own, and the host is called like the machine
	u.place = &place{name: name, options: natslattice.Options{InProcess: u.server, Credentials: creds, Name: "wattle up: host"}}
	u.running.Lattice, u.running.NATS = name, u.server.ClientURL()
	return nil
}

// startNATS starts the NATS server.
func (u *up) startNATS(ctx context.Context, ring *trust.Keyring) error {
	defer u.slowly("NATS reads what it keeps")()
	host, port, err := parseAddr("--nats-addr", u.natsAddr)
	if err != nil {
		return err
	}
	operator, err := ring.OperatorJWT()
	if err != nil {
		return err
	}
	accounts, err := ring.Accounts()
	if err != nil {
		return err
	}
	if port != 0 {
		if err := free(ctx, "--nats-addr", u.natsAddr); err != nil {
			return err
		}
	}
	u.server, err = natsserver.Start(ctx, natsserver.Options{
		Name: "wattle-up", StoreDir: u.dir.nats(), Host: host, Port: port,
		Operator: operator, Accounts: accounts, SystemAccount: ring.SystemAccount(), Logger: u.log.logger(),
	})
	if err != nil {
		return u.dir.explain(err)
	}
	u.stops = append(u.stops, func() error {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
		defer cancel()
		return u.server.Shutdown(stop)
	})
	return nil
}

// schedule starts the scheduler.
func (u *up) schedule(ctx context.Context, ring *trust.Keyring, name lattice.Name, account string) error {
	creds, err := ring.Creds(name, trust.RoleScheduler, "")
	if err != nil {
		return u.dir.explain(err)
	}
	who := &identified{name: name, creds: creds, issuers: []string{account}}
	node, err := u.openLog(ctx, u.dir, who, &u.schedulerFlags, "--raft-listen")
	if err != nil {
		return err
	}
	l, err := natslattice.Connect(ctx, natslattice.Options{InProcess: u.server, Credentials: creds, Name: "wattle up: scheduler", Logger: u.log.logger()})
	if err != nil {
		return err
	}
	u.stops = append(u.stops, l.Close)
	u.reports = &inventory.Source{Lattice: l, Name: name, Verify: u.verifier}
	u.running.Scheduler = raftAddress(node, &u.schedulerFlags)
	u.scheduler, err = u.serveScheduler(ctx, l, who, u.verifier, node, &u.schedulerFlags)
	return err
}

// join finds the lattice that others run.
func (u *up) join(context.Context) error {
	var err error
	if u.place, err = u.remote(); err != nil {
		return err
	}
	if u.creds == "" {
		return &usageError{errors.New("--join takes credentials of role host with --creds: make them with wattle lattice creds host")}
	}
	if u.id, err = hostIdentity(u.place.creds); err != nil {
		return err
	}
	if u.verifier, err = trust.NewVerifier(u.place.name, u.place.issuers...); err != nil {
		return &usageError{err}
	}
	u.running = running{Lattice: u.place.name, NATS: strings.Join(u.nats, ",")}
	return nil
}

// host starts the host.
func (u *up) host(ctx context.Context) error {
	log := u.log.logger()
	t, end, err := measures(ctx, u.env, u.place.name, u.id.id, log)
	if err != nil {
		return err
	}
	u.telemetry = t
	u.log.hide("host", string(u.id.id))
	u.log.hide("lattice", string(u.place.name))
	u.stops = append(u.stops, func() error { end(); return nil })
	l, err := connectDaemon(ctx, u.place.options, log)
	if err != nil {
		return err
	}
	u.stops = append(u.stops, l.Close)
	u.begin(ctx, "the lattice", func(ctx context.Context) error {
		if err := l.Established(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	u.lattice = t.Lattice(l)
	o, err := u.options(u.env, u.place.name, u.id, u.log, u.address())
	if err != nil {
		return err
	}
	o.DataDir, o.Telemetry, o.Verifier, o.ShowErrors = u.dir.host(), t, u.verifier, u.local()
	if u.vault, err = u.id.vault(u.lattice, u.place.name, u.verifier, u.dir, log); err != nil {
		return err
	}
	o.Secrets = u.vault
	o.Providers = []lattice.ProviderStatus{{
		ID: "httpserver", Name: "HTTP front door", Interfaces: []string{incomingHandler}, Address: u.listener.Addr().String(), State: "running",
	}}
	if u.daemon, err = daemon.New(u.lattice, *o); err != nil {
		return u.dir.explain(err)
	}
	u.directory = u.daemon.Directory()
	complete := u.directory.Changed()
	began := u.daemon.Report().Started
	u.begin(ctx, "the host", func(ctx context.Context) error {
		err := u.daemon.Run(ctx)
		if err == nil && ctx.Err() == nil {
			return errHostStopped
		}
		return err
	})
	u.running.Host = string(u.id.id)
	if u.reports == nil {
		return nil
	}
	if err := u.reported(ctx, began); err != nil {
		return err
	}
	return u.await(ctx, complete) // the first request has its answer
}

// errHostStopped is a host that was told to end by an operator.
var errHostStopped = errors.New("an operator has stopped it")

// reported waits until the scheduler can know of the host, so that the first
// command finds it.
func (u *up) reported(ctx context.Context, began time.Time) error {
	defer u.slowly("the host reports to the scheduler")()
	ctx, cancel := context.WithTimeoutCause(ctx, graceful, errors.New("the host did not report to the scheduler"))
	defer cancel()
	err := u.reports.Watch(ctx, inventory.KindOf("hosts"), func(inv *inventory.Inventory) error {
		if h, ok := inv.Hosts[u.id.id]; ok && h.Started.Equal(began) {
			return errReached
		}
		return nil
	})
	if err == nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, errReached) {
		return nil
	}
	return err
}

// front starts the front door.
func (u *up) front(ctx context.Context) error {
	log := u.log.logger()
	o := &httpserver.Options{Local: u.local(), Timeout: u.timeout, Wrap: u.telemetry.Front, Logger: log}
	if u.local() {
		var err error
		if u.agents, err = u.newAgents(ctx, u.dir, u.daemon.Router(), u.directory, u.shared(ctx)); err != nil {
			return err
		}
		o.Gateway = u.agents
	}
	u.door = httpserver.New(u.daemon.Router(), u.directory, o)
	if u.admins != nil {
		u.begin(ctx, "--admin-addr", func(ctx context.Context) error {
			return webserver.Serve(ctx, u.admins, httpserver.Admin(u.ready), webserver.Options{Grace: time.Second, Logger: log})
		})
	}
	u.begin(ctx, "the front door", func(ctx context.Context) error {
		err := u.door.Serve(ctx, u.listener, u.drain)
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("requests that were still under way after %v were cut off", u.drain)
		}
		return err
	})
	u.running.HTTP = "http://" + u.listener.Addr().String()
	if a := u.address(); a.IsValid() {
		u.running.HTTP = "http://" + reachable(a).String()
	}
	if u.agents != nil {
		u.follow(ctx, u.agents)
		u.running.MCP = u.running.HTTP + mcp.Path
	}
	return nil
}

// sharedTime bounds how long a start waits for what the lattice shares.
const sharedTime = 2 * time.Second

// shared returns what hosts and gateways of the lattice share, nil if no scheduler answers
// that gives it.
func (u *up) shared(ctx context.Context) *seal.Shared {
	ctx, cancel := context.WithTimeout(ctx, sharedTime)
	defer cancel()
	shared, err := u.vault.Shared(ctx)
	if err != nil {
		u.log.note("sessions of MCP are those of this front door alone until the next start: %v", err)
		return nil
	}
	return shared
}

// ready returns why requests cannot be answered, or nil.
func (u *up) ready() error {
	switch {
	case u.server != nil && u.server.Healthy() != nil:
		return u.server.Healthy()
	case !u.lattice.Connected():
		return errors.New("there is no connection to the lattice")
	case !u.directory.Synced():
		return errors.New("it is not known yet what runs where")
	}
	return nil
}

// record has commands find the lattice.
func (u *up) record(context.Context) error {
	return u.recorded(u.dir, &u.running)
}

// recorded writes down what runs on a data directory, until it is stopped.
func (p *parts) recorded(dir dataDir, r *running) error {
	r.PID, r.Started = os.Getpid(), time.Now().UTC()
	if err := dir.write(r); err != nil {
		return dir.explain(err)
	}
	p.stops = append(p.stops, func() error {
		gone := *r
		gone.PID = 0
		if err := dir.write(&gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return dir.explain(err)
		}
		return nil
	})
	return nil
}
