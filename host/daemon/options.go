package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/wattle-dev/wattle/host"
	grants "github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/hostgroup/machine"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Defaults of Options.
const (
	DefaultHeartbeat    = time.Second
	DefaultDrainTimeout = 30 * time.Second
	DefaultDrainGrace   = time.Second
	DefaultMaxArtifacts = 4 << 30
)

// Options configure a Daemon. Lattice, ID, Signer, Verifier and DataDir must be
// given.
type Options struct {
	Lattice lattice.Name
	// ID is the host's public key, Signer what signs with it.
	ID     lattice.HostID
	Signer lattice.Signer
	// Verifier knows the scheduler of the lattice.
	Verifier lattice.Verifier
	// Name is what people call the host. If empty, the name of the machine.
	Name string
	// Group is the host's. If empty, lattice.DefaultGroup.
	Group lattice.GroupName
	// Labels are the host's own. Those that are detected cannot be given.
	Labels  map[string]string
	Version string
	// DataDir is where the daemon keeps the last desired document and artifacts. No
	// other process may use it. It is made if it does not exist.
	DataDir string
	// Engine configures the engine that runs components.
	Engine component.EngineOptions
	// WASI is what every component is given. Environment variables are added.
	WASI wasi.Options
	// Secrets has those of components. If nil, a component that has any is not started.
	Secrets Secrets
	// Volumes are the directories that components may be given, by name. The host's
	// labels say which there are: volume.NAME is rw or ro.
	Volumes map[string]grants.Volume
	// Layers fetches images whose files components are given, if the image policy allows
	// them, and keeps them in a directory. If nil, there are none.
	Layers func(ctx context.Context, ref oci.Reference, policy *oci.Policy, dir string) ([]io.ReadCloser, error)
	// Self are addresses of this process that no component may reach.
	Self []netip.AddrPort
	// Providers are those that the process has besides the daemon, for the report.
	Providers []lattice.ProviderStatus
	// AllowFileRefs has components whose artifact is not in the object store be
	// read from the file that their ref names. The digest has to be right all the
	// same.
	AllowFileRefs bool
	// MaxArtifacts is how many bytes of artifacts are kept on disk. Those that are
	// wanted stay, even if that is more. If zero, DefaultMaxArtifacts.
	MaxArtifacts int64
	// Parallel is how many components are loaded at once. If zero, as many as there
	// are processors, and no more than four.
	Parallel int
	// Heartbeat is the longest time between two reports. If zero,
	// DefaultHeartbeat.
	Heartbeat time.Duration
	// DrainTimeout is how long calls under way have when a component stops. If
	// zero, DefaultDrainTimeout.
	DrainTimeout time.Duration
	// DrainGrace is how long calls are taken after the lattice was told that there
	// should be none. If zero, DefaultDrainGrace; if negative, not at all.
	DrainGrace time.Duration
	// ShowErrors has clients be told why their requests failed, as
	// host.Options.ShowErrors.
	ShowErrors bool
	// Output is given the lines that guests write as well, by several goroutines at
	// once. It may be nil.
	Output func(host.Line)
	// Machine is what the host runs on. If nil, it is detected.
	Machine *machine.Machine
	// Telemetry measures. It may be nil.
	Telemetry *telemetry.Telemetry
	// Logger receives events. If nil, nothing is logged.
	Logger *slog.Logger
}

// maxGiven is how many labels a host may be given, so that there is room for
// others.
const maxGiven = 64

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Signer == nil, o.Verifier == nil:
		return o, errors.New("a host needs a signer and a verifier")
	case o.DataDir == "":
		return o, errors.New("a host needs a data directory")
	}
	if o.Group == "" {
		o.Group = lattice.DefaultGroup
	}
	if o.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			name = o.ID.Short()
		}
		o.Name = name
	}
	o.Name, o.Version = printable(o.Name, wire.MaxText), printable(o.Version, wire.MaxText)
	for _, d := range []struct {
		field *time.Duration
		def   time.Duration
	}{{&o.Heartbeat, DefaultHeartbeat}, {&o.DrainTimeout, DefaultDrainTimeout}, {&o.DrainGrace, DefaultDrainGrace}} {
		if *d.field == 0 {
			*d.field = d.def
		}
	}
	if o.MaxArtifacts == 0 {
		o.MaxArtifacts = DefaultMaxArtifacts
	}
	if o.Parallel == 0 {
		o.Parallel = min(runtime.NumCPU(), 4)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Machine == nil {
		m := machine.Detect()
		o.Machine = &m
	}
	return o, o.check()
}

func (o *Options) check() error {
	var errs []error
	if _, err := lattice.ParseName(string(o.Lattice)); err != nil {
		errs = append(errs, err)
	}
	if _, err := lattice.ParseHostID(string(o.ID)); err != nil {
		errs = append(errs, err)
	}
	if _, err := lattice.ParseGroupName(string(o.Group)); err != nil {
		errs = append(errs, err)
	}
	if len(o.Labels) > maxGiven {
		errs = append(errs, fmt.Errorf("labels: %w: %d are more than %d", lattice.ErrInvalid, len(o.Labels), maxGiven))
	}
	for key, value := range o.Labels {
		if machine.Detected(key) {
			errs = append(errs, fmt.Errorf("label %q: %w: it is detected, and cannot be given", key, lattice.ErrInvalid))
		}
		errs = append(errs, wire.CheckLabelKey(key), wire.CheckLabelValue(value))
	}
	for name, v := range o.Volumes {
		errs = append(errs, wire.CheckLabelKey(machine.LabelVolume+name))
		if !filepath.IsAbs(v.Dir) {
			errs = append(errs, fmt.Errorf("volume %q: %w: the directory %q is not an absolute path", name, lattice.ErrInvalid, v.Dir))
		}
	}
	if o.Heartbeat < 0 || o.DrainTimeout < 0 || o.Parallel < 0 {
		errs = append(errs, fmt.Errorf("%w: a time or a number is negative", lattice.ErrInvalid))
	}
	return errors.Join(errs...)
}
