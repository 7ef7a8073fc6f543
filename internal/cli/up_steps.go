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
	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/providers/httpserver"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

// up is a `wattle up` that runs. Its parts are started one after the other and
// stopped the other way round.
type up struct {
	*upFlags
	given   map[string]bool // flags on the command line
	env     *Env
	dir     dataDir
	log     *log
	running running

	listener  net.Listener // of the front door
	admins    net.Listener // of --admin-addr, or nil
	place     *place       // where the host connects
	id        *identity
	server    *natsserver.Server // nil if others run it
	telemetry *telemetry.Telemetry
	lattice   lattice.Lattice // the host's connection
	verifier  lattice.Verifier
	daemon    *daemon.Daemon
	directory *directory.Directory
	door      *httpserver.Server
	reports   *inventory.Source // where the scheduler reads what hosts report; nil if others run it

	parts  []func() error // what stops the parts, in the order in which they were started
	failed chan error     // has why a part ended that should not
}

// stop stops all parts, the last one first.
func (u *up) stop() error {
	var errs []error
	for len(u.parts) > 0 {
		last := len(u.parts) - 1
		errs = append(errs, u.parts[last]())
		u.parts = u.parts[:last]
	}
	return errors.Join(errs...)
}

// begin runs a part until it is stopped.
func (u *up) begin(ctx context.Context, what string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := run(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = errors.New("it ended")
			}
			select {
			case u.failed <- fmt.Errorf("%s: %w", what, err):
			default: // another part has failed before
			}
			err = nil // it is reported
		}
		ended <- err
	}()
	u.parts = append(u.parts, func() error {
		cancel()
		if err := <-ended; err != nil {
			return fmt.Errorf("stop %s: %w", what, err)
		}
		return nil
	})
}

// slowly notes what is waited for, if it takes long.
func (u *up) slowly(what string) (done func()) {
	t := time.AfterFunc(worthMentioning, func() { u.log.note("%s …", what) })
	return func() { t.Stop() }
}

// listen opens the addresses of HTTP, so that one that is in use is known at once.
func (u *up) listen(ctx context.Context) error {
	var err error
	if u.listener, err = listen(ctx, u.addr); err != nil {
		return err
	}
	// Serve closes it as well, which does no harm.
	u.parts = append(u.parts, func() error { _ = u.listener.Close(); return nil })
	if u.admin == "" {
		return nil
	}
	if u.admins, err = listenOn(ctx, "--admin-addr", u.admin); err != nil {
		return err
	}
	u.parts = append(u.parts, func() error { _ = u.admins.Close(); return nil })
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
	if err := u.schedule(ctx, ring, name); err != nil {
		return err
	}
	creds, err := ring.Creds(name, trust.RoleHost, "up")
	if err != nil {
		return u.dir.explain(err)
	}
	if u.id, err = hostIdentity(creds); err != nil {
		return err
	}
	u.place = &place{name: name, options: natslattice.Options{InProcess: u.server, Credentials: creds, Name: "wattle up: host"}}
	u.running = running{Lattice: name, NATS: u.server.ClientURL()}
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
	u.parts = append(u.parts, func() error {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
		defer cancel()
		return u.server.Shutdown(stop)
	})
	return nil
}

// schedule starts the scheduler, and the edge for the tools of wasmCloud.
func (u *up) schedule(ctx context.Context, ring *trust.Keyring, name lattice.Name) error {
	defer u.slowly("the scheduler makes itself ready")()
	creds, err := ring.Creds(name, trust.RoleScheduler, "")
	if err != nil {
		return u.dir.explain(err)
	}
	signer, err := trust.NewSigner(creds)
	if err != nil {
		return err
	}
	l, err := natslattice.Connect(ctx, natslattice.Options{InProcess: u.server, Credentials: creds, Name: "wattle up: scheduler", Logger: u.log.logger()})
	if err != nil {
		return err
	}
	u.parts = append(u.parts, l.Close)
	u.reports = &inventory.Source{Lattice: l, Name: name, Verify: u.verifier}
	s := scheduler.New(l, name, signer, u.verifier, &scheduler.Options{Logger: u.log.logger()})
	u.begin(ctx, "the scheduler", s.Run)
	if err := u.await(ctx, s.Ready()); err != nil || !u.wasmcloud {
		return err
	}
	e := wasmcloud.New(l, name, u.verifier, s, &wasmcloud.Options{Logger: u.log.logger()})
	u.begin(ctx, "the interface of wasmCloud", e.Run)
	return u.await(ctx, e.Ready())
}

// await waits for a part to be ready.
func (u *up) await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case err := <-u.failed:
		return err
	case <-ctx.Done():
		return errInterrupted
	}
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
	creds, err := trust.ReadCreds(u.creds)
	if err != nil {
		return fmt.Errorf("--creds: %w", err)
	}
	if u.id, err = hostIdentity(creds); err != nil {
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
	u.parts = append(u.parts, func() error { end(); return nil })
	l, err := connectDaemon(ctx, u.place.options, log)
	if err != nil {
		return err
	}
	u.parts = append(u.parts, l.Close)
	u.lattice = t.Lattice(l)
	o, closed, err := u.options(u.env, u.place.name, u.id, u.log, u.address())
	if err != nil {
		return err
	}
	u.parts = append(u.parts, func() error { closed(); return nil })
	o.DataDir, o.Telemetry, o.Verifier, o.ShowErrors = u.dir.host(), t, u.verifier, u.local()
	if u.daemon, err = daemon.New(u.lattice, *o); err != nil {
		return u.dir.explain(err)
	}
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
	return u.reported(ctx, began)
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
	u.directory = directory.New(u.lattice, u.place.name, u.verifier, &directory.Options{Logger: log})
	complete := u.directory.Changed()
	u.begin(ctx, "the directory", u.directory.Run)
	if u.server != nil {
		// All is there: the first request has its answer.
		if err := u.await(ctx, complete); err != nil {
			return err
		}
	}
	u.door = httpserver.New(u.daemon.Router(), u.directory, &httpserver.Options{
		Local: u.local(), Timeout: u.timeout, Wrap: u.telemetry.Front, Logger: log,
	})
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
	return nil
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
	u.running.PID, u.running.Started = os.Getpid(), time.Now().UTC()
	if u.server == nil {
		return nil // who joins has no credentials for commands
	}
	if err := u.dir.write(&u.running); err != nil {
		return u.dir.explain(err)
	}
	u.parts = append(u.parts, func() error {
		gone := u.running
		gone.PID = 0
		if err := u.dir.write(&gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return u.dir.explain(err)
		}
		return nil
	})
	return nil
}
