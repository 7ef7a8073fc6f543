package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/httpserver"
)

// upFlags are the flags of `wattle up`.
type upFlags struct {
	connectFlags
	daemonFlags
	addr     string
	anyHost  bool
	timeout  time.Duration
	admin    string
	natsAddr string
	apps     []string
	schedulerFlags
	output string
}

const defaultNATSAddr = "127.0.0.1:4222"

const upHelp = `Run a whole lattice in this process: NATS with JetStream, the scheduler, a host,
and an HTTP front door. Everything that it has is in the data directory: stop it
with Ctrl-C, and the next wattle up has everything back.

The front door has components answer by their routes. On a loopback address
COMPONENT.localhost is always that component, and others than clients on this
machine are refused; --any-host is for a front door behind a proxy.

With --join there is a host and a front door, in a lattice that others run.

The first Ctrl-C or SIGTERM lets requests and calls under way finish. A second one
ends the process at once; nothing that is stored is lost.

Nothing is open to the components unless a flag opens it.`

const upExamples = `  wattle up
  wattle up --app examples/echo/wattle.yaml
  wattle up --data-dir ./lattice --addr 127.0.0.1:9000 --nats-addr 127.0.0.1:4333
  wattle up --join nats://10.0.0.1:4222 --creds edge-1.creds --addr 0.0.0.0:8000 --labels zone=a`

func upCommand(env *Env) *cobra.Command {
	f := &upFlags{}
	cmd := &cobra.Command{
		Use:     "up [flags]",
		Short:   "Run a whole lattice: NATS, scheduler, host, HTTP front door",
		Long:    upHelp,
		Example: upExamples,

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, env) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.addr, "addr", defaultAddr, "serve HTTP on `HOST:PORT`; port 0 takes a free one")
	fs.BoolVar(&f.anyHost, "any-host", false, "on a loopback address, answer for any host name and tell no reasons: for a proxy in front")
	fs.DurationVar(&f.timeout, "timeout", httpserver.DefaultTimeout, "how long a request may take, a `DURATION`, whatever its component allows")
	fs.StringVar(&f.admin, "admin-addr", "", "serve /livez and /readyz on `HOST:PORT`")
	fs.StringVar(&f.natsAddr, "nats-addr", defaultNATSAddr, "have NATS listen on `HOST:PORT`; port 0 takes a free one")
	fs.StringArrayVar(&f.apps, "app", nil, "deploy the application of a manifest, a `FILE`, once the lattice is up; repeatable")
	f.addRaft(fs, "raft-")
	fs.BoolVar(&f.wasmcloud, "wasmcloud", true, "answer the control interface of wasmCloud as well")
	fs.StringSliceVar(&f.nats, "join", nil, "join the lattice of these NATS servers, `URL,…`, and run none")
	f.addLattice(fs)
	fs.Lookup("data-dir").Usage = "keep everything in `DIR` (default $WATTLE_DATA_DIR, or wattle in the user's state directory)"
	f.addNATS(fs)
	f.daemonFlags.add(fs)
	fs.StringVarP(&f.output, "output", "o", "text", "announce the lattice as `FORMAT`: text or json")
	completions := f.daemonFlags.completions()
	for name, complete := range f.connectFlags.completions() {
		if name != "nats" {
			completions[name] = complete
		}
	}
	for _, name := range []string{"addr", "admin-addr", "nats-addr", "join", "timeout"} {
		completions[name] = completeNothing
	}
	completions["output"] = completeOutput
	maps.Copy(completions, raftCompletions("raft-"))
	completions["app"] = func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeManifest(cmd, nil, typed)
	}
	completeFlags(cmd, completions)
	return cmd
}

// check judges the flags, before anything takes time.
func (f *upFlags) check() error {
	switch {
	case f.timeout <= 0:
		return &usageError{errors.New("--timeout must be positive")}
	case len(f.nats) == 0 && f.creds != "":
		return &usageError{errors.New("--creds is for a lattice that others run: say where with --join")}
	}
	return errors.Join(f.daemonFlags.check(), f.checkRaft("raft-"), checkOutput(f.output))
}

func (f *upFlags) run(cmd *cobra.Command, env *Env) error {
	given, err := settings(env, cmd.Flags())
	if err != nil {
		return err
	}
	if !given["creds"] && len(f.nats) == 0 {
		f.creds = "" // WATTLE_CREDS is for commands
	}
	if err := f.check(); err != nil {
		return err
	}
	apps, err := f.readApps(cmd.Context(), env)
	if err != nil {
		return err
	}
	dir, err := f.dir(env)
	if err != nil {
		return err
	}
	release, err := dir.open()
	if err != nil {
		return err
	}
	defer release()
	u := &up{upFlags: f, parts: newParts(env, newLog(env.Stderr, f.quiet)), given: given, env: env, dir: dir, manifests: apps}
	defer u.log.close()
	return u.run(cmd.Context())
}

// run starts everything and, when ctx ends, stops it in the opposite order.
func (u *up) run(ctx context.Context) (err error) {
	defer func() {
		if e := u.stop(); err == nil {
			err = e
		}
		if err == nil {
			u.log.note("stopped")
		}
	}()
	if err := u.listen(ctx); err != nil {
		return interrupted(ctx, err)
	}
	start := u.own
	if len(u.nats) > 0 {
		start = u.join
	}
	for _, step := range []func(context.Context) error{start, u.host, u.front, u.record, u.deploy} {
		if err := step(ctx); err != nil {
			return interrupted(ctx, err)
		}
	}
	if err := u.announce(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err := <-u.failed:
		if !errors.Is(err, errHostStopped) {
			return err
		}
		u.log.note("%v", err)
	}
	u.log.note("stopping%s; Ctrl-C again stops at once", u.underWay())
	return nil
}

// underWay says what stopping waits for.
func (u *up) underWay() string {
	if n := u.door.Running(); n > 0 {
		return fmt.Sprintf("; %s under way, given %v", count(int(n), "request"), u.drain)
	}
	return ""
}

// announcement is what runs, for people and programs.
func (u *up) announce() error {
	problem := ""
	if u.scheduler != nil {
		problem = u.scheduler.Status().Problem
	}
	switch {
	case u.output == "json":
		return json.NewEncoder(u.env.Stdout).Encode(struct {
			running
			Problem string `json:"problem,omitempty"`
		}{u.running, problem})
	case u.quiet:
		return nil
	}
	var b strings.Builder
	if problem == "" {
		fmt.Fprintf(&b, "lattice %s is up\n", u.running.Lattice)
	} else {
		fmt.Fprintf(&b, "lattice %s is up, and its scheduler decides nothing: %s\n\n", u.running.Lattice, problem)
	}
	fmt.Fprintf(&b, "  URL    %s\n", u.running.HTTP)
	if u.running.MCP != "" {
		fmt.Fprintf(&b, "  MCP    %s, of one server at %s/NAME\n", u.running.MCP, u.running.MCP)
	}
	fmt.Fprintf(&b, "  NATS   %s\n", u.running.NATS)
	r := u.daemon.Report()
	fmt.Fprintf(&b, "  host   %s (%s), group %s\n", r.Name, r.ID.Short(), r.Group)
	fmt.Fprintf(&b, "  data   %s\n", u.dir)
	if ids := u.answering(); len(ids) > 0 && u.local() {
		fmt.Fprintf(&b, "\ncomponents\n")
		for _, id := range ids[:min(len(ids), maxAnnounced)] {
			fmt.Fprintf(&b, "  %s\n", componentURL(u.running.HTTP, id))
		}
		if more := len(ids) - maxAnnounced; more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	} else if len(ids) == 0 && u.server != nil {
		fmt.Fprintf(&b, "\ndeploy an application\n  wattle app deploy%s examples/echo/wattle.yaml\n", u.dirFlag())
		if u.local() {
			fmt.Fprintf(&b, "  curl %shello%%20world\n", componentURL(u.running.HTTP, "echo"))
		}
	}
	if err := u.announceAgents(&b); err != nil {
		return err
	}
	b.WriteString("\nCtrl-C stops it; the next wattle up has everything back.\n")
	_, err := fmt.Fprint(u.env.Stdout, printable(b.String()))
	return err
}

// announceAgents says what an agent has to be told. The token stands there only if a person
// reads it, and no log keeps it.
func (u *up) announceAgents(b *strings.Builder) error {
	if u.agents == nil {
		return nil
	}
	e := &endpoint{url: u.running.MCP, file: u.dir.token(), token: u.agents.token}
	if !isTerminal(u.env.Stdout) {
		fmt.Fprintf(b, "\nfor an agent\n  wattle mcp config%s\n", u.dirFlag())
		return nil
	}
	b.WriteString("\nfor an agent\n")
	return clientConfig(b, e, "")
}

// dirFlag is what commands are given so that they find this lattice.
func (u *up) dirFlag() string {
	if u.given["data-dir"] {
		return " --data-dir " + shellQuote(u.dataDir)
	}
	return ""
}

// answering returns the components that answer HTTP requests, as far as is known.
func (u *up) answering() []lattice.ComponentID {
	return slices.DeleteFunc(u.directory.Components(), func(id lattice.ComponentID) bool {
		exports := u.directory.Exports(id) // none before it is ready anywhere
		return len(exports) > 0 && exported(exports, incomingHandler) == ""
	})
}

// maxAnnounced bounds the components that are announced.
const maxAnnounced = 10

// parseAddr reads HOST:PORT for a server that takes them apart.
func parseAddr(flag, addr string) (host string, port int, err error) {
	i := strings.LastIndexByte(addr, ':')
	if i >= 0 {
		port, err = strconv.Atoi(addr[i+1:])
	}
	if i < 0 || err != nil || port < 0 || port > 0xffff {
		return "", 0, &usageError{fmt.Errorf("%s %q is not HOST:PORT", flag, addr)}
	}
	return strings.Trim(addr[:i], "[]"), port, nil
}

// local says whether the front door is for clients on this machine.
func (u *up) local() bool {
	return u.address().Addr().IsLoopback() && !u.anyHost
}

// address returns where the front door listens.
func (u *up) address() netip.AddrPort {
	addr, err := netip.ParseAddrPort(u.listener.Addr().String())
	if err != nil {
		return netip.AddrPort{} // it is no loopback address
	}
	return addr
}

// name returns the name of the lattice that the flags ask for.
func (f *upFlags) latticeName() (lattice.Name, error) {
	if f.lattice == "" {
		return lattice.DefaultName, nil
	}
	name, err := lattice.ParseName(f.lattice)
	if err != nil {
		return "", &usageError{fmt.Errorf("--lattice: %w", err)}
	}
	return name, nil
}
