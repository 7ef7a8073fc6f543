package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/host/wasi/sockets"
	"github.com/wattle-dev/wattle/lattice/capability/httprule"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// grantFlags open what a component may reach. Everything else is closed.
type grantFlags struct {
	env   []string
	dirs  []string
	rules []string
	net   netFlags
}

func (g *grantFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&g.env, "env", nil, "give the guest an environment variable, `NAME=VALUE`, or NAME to pass on Wattle's own; repeatable")
	fs.StringArrayVar(&g.dirs, "dir", nil, "give the guest a directory, `HOST::GUEST[:ro]`; repeatable")
	fs.StringArrayVar(&g.rules, "allow-http", nil, "allow outgoing requests that match `RULE`: [METHOD,…] scheme://host[:port][/path]; repeatable")
	g.net.add(fs)
}

// grants is what the flags open.
type grants struct {
	env     []string
	dirs    []filesystem.Preopen
	client  *httpclient.Client
	sockets sockets.Options
}

// open opens what the flags name. self are the addresses that the process
// serves on, which its guests must not call.
func (g *grantFlags) open(env *Env, self ...netip.AddrPort) (_ *grants, err error) {
	out := &grants{}
	if out.sockets, err = g.net.options(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.close())
		}
	}()
	for _, e := range g.env {
		name, _, ok := strings.Cut(e, "=")
		switch {
		case name == "":
			return nil, &usageError{fmt.Errorf("--env %q has no name", e)}
		case !ok:
			e = name + "=" + env.Getenv(name)
		}
		out.env = append(out.env, e)
	}
	for _, d := range g.dirs {
		p, err := openDir(d)
		if err != nil {
			return nil, err
		}
		out.dirs = append(out.dirs, p)
	}
	var rules []httprule.Rule
	for _, text := range g.rules {
		r, err := httprule.Parse(text)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--allow-http: %w", err)}
		}
		rules = append(rules, r)
	}
	out.client = httpclient.New(&httpclient.Options{Rules: rules, Self: self})
	return out, nil
}

// openDir opens HOST::GUEST[:ro].
func openDir(text string) (filesystem.Preopen, error) {
	host, guest, ok := strings.Cut(text, "::")
	guest, readOnly := strings.CutSuffix(guest, ":ro")
	switch {
	case !ok || host == "" || guest == "":
		return filesystem.Preopen{}, &usageError{fmt.Errorf("--dir %q is not of the form HOST::GUEST[:ro]", text)}
	case guest != "." && path.Clean(guest) != guest:
		return filesystem.Preopen{}, &usageError{fmt.Errorf("--dir %q: write the guest's path as %q", text, path.Clean(guest))}
	}
	dir, err := hostdir.Open(host, hostdir.Options{Writable: !readOnly})
	if err != nil {
		return filesystem.Preopen{}, fmt.Errorf("--dir: %w", cause(host, err))
	}
	return filesystem.Preopen{Path: guest, Dir: dir, Writable: !readOnly}, nil
}

func (g *grants) close() error {
	var errs []error
	for _, d := range g.dirs {
		errs = append(errs, d.Dir.Close())
	}
	if g.client != nil {
		g.client.Close()
	}
	return errors.Join(errs...)
}

// options returns the grants as an instance is given them.
func (g *grants) options() wasi.Options {
	var o wasi.Options
	o.CLI.Env = g.env
	o.Filesystem.Preopens = g.dirs
	o.HTTP.Client = g.client
	o.Sockets = g.sockets
	return o
}

// gate is an interface that is of little use unless a flag opens it.
type gate struct {
	iface   string
	missing string // what a component does not have while it is closed
	flag    string // what opens it, empty if nothing does
}

var (
	envGate    = gate{"wasi:cli/environment", "no variables", "--env NAME=VALUE"}
	dirGate    = gate{"wasi:filesystem/preopens", "no directory", "--dir HOST::GUEST[:ro]"}
	httpGate   = gate{"wasi:http/outgoing-handler", "no requests", "--allow-http RULE"}
	socketGate = gate{"wasi:sockets/instance-network", "no sockets", "--tcp-connect HOST:PORT"}
)

// without says what a closed gate means to a component.
func (g *gate) without() string {
	if g.flag == "" {
		return g.missing
	}
	return g.missing + " without " + g.flag
}

// why says the same when the component runs.
func (g *gate) why() string {
	if g.flag == "" {
		return g.missing + ": no flag opens it"
	}
	return g.missing + ": no " + g.flag + " was given"
}

// gateOf returns the gate of an import, or nil.
func gateOf(imported string) *gate {
	name, _, _ := strings.Cut(imported, "@")
	for _, g := range []*gate{&envGate, &dirGate, &httpGate, &socketGate} {
		if g.iface == name {
			return g
		}
	}
	return nil
}

// opens says whether the flags open a gate.
func (g *grantFlags) opens(which *gate) bool {
	switch which {
	case &envGate:
		return len(g.env) > 0
	case &dirGate:
		return len(g.dirs) > 0
	case &httpGate:
		return len(g.rules) > 0
	case &socketGate:
		return g.net.any()
	}
	return false
}

// denials lists what a component imports and cannot use, for a person to read
// before wondering why it does not work.
func (g *grantFlags) denials(imports []string) []denied {
	out := []denied{}
	for _, im := range imports {
		if which := gateOf(im); which != nil && !g.opens(which) {
			out = append(out, denied{which.iface, which.why()})
		}
	}
	return out
}
