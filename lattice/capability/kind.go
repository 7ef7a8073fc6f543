package capability

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// Scheme begins the addresses of capabilities.
const Scheme = lattice.CapabilityScheme

// Kind is a capability that hosts have.
type Kind struct {
	// Name is its name, "keyvalue-nats".
	Name string
	// Summary says what it is, in one line.
	Summary string
	// Images are the last parts of the names of images that stand for it in manifests,
	// besides its address.
	Images []string
	// Serves are the interfaces that components import, without versions.
	Serves []string
	// Along are those of Serves that grant nothing without the others of their package,
	// and come with a link for any of them.
	Along []string
	// Calls are the interfaces of components that it calls: it is the source of links
	// to them.
	Calls []string
	// Example is a configuration that a manifest could give it, line by line.
	Example []string
	// check judges a configuration.
	check func(*Config) error
	// together finds what is wrong with several links of a component that are right each
	// by itself; nil if nothing can be.
	together func([]*Config) *Conflict
}

// kinds are all there are, in the order of their names.
var kinds = []*Kind{
	blobstoreNATS,
	blobstoreS3,
	filesystem,
	httpclient,
	httpserver,
	keyvalueNATS,
	keyvalueRedis,
	messaging,
	postgres,
}

// All returns all kinds, in the order of their names.
func All() []*Kind { return slices.Clone(kinds) }

// Find returns the kind of a name, nil if there is none.
func Find(name string) *Kind {
	i := slices.IndexFunc(kinds, func(k *Kind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return kinds[i]
}

// ForImage returns the kind that an image of a manifest stands for, nil if it stands
// for none. The error is that of an address that no kind has.
func ForImage(image string) (*Kind, error) {
	if name, ok := strings.CutPrefix(image, Scheme); ok {
		if k := Find(name); k != nil {
			return k, nil
		}
		return nil, fmt.Errorf("capability %.200q: %w: there is %s", image, lattice.ErrNotFound, strings.Join(addresses(), ", "))
	}
	name := path.Base(image)
	name, _, _ = strings.Cut(name, "@")
	name, _, _ = strings.Cut(name, ":")
	for _, k := range kinds {
		if slices.Contains(k.Images, name) {
			return k, nil
		}
	}
	return nil, nil //nolint:nilnil // documented: it stands for none
}

func addresses() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.Address())
	}
	return all
}

// Address is what links and manifests call the capability.
func (k *Kind) Address() string { return Scheme + k.Name }

// Offers reports whether the kind serves an interface, in whatever version.
func (k *Kind) Offers(id wit.InterfaceID) bool {
	return slices.Contains(k.Serves, id.Unversioned().String())
}

// Serving returns the kinds that serve an interface.
func Serving(id wit.InterfaceID) []*Kind {
	var all []*Kind
	for _, k := range kinds {
		if k.Offers(id) {
			all = append(all, k)
		}
	}
	return all
}

// Check judges a configuration: the error is nil or an *Error.
func (k *Kind) Check(c *Config) error { return k.check(c) }

// inert are the interfaces that grant nothing without a link: packages, or interfaces.
var inert = []string{
	"wasi:cli", "wasi:clocks", "wasi:config", "wasi:filesystem", "wasi:http/types", "wasi:io",
	"wasi:logging", "wasi:random", "wasi:sockets", "wasmcloud:bus", "wasmcloud:secrets",
	"wasmcp:auth", "wasmcp:mcp-v20251125", "wattle:mcp",
}

// Inert reports whether an interface is served to every component, linked or not. It
// has no directory then, no address, no secret that the component was not given.
func Inert(id wit.InterfaceID) bool {
	pkg := id.Namespace + ":" + id.Package
	return slices.Contains(inert, pkg) || slices.Contains(inert, pkg+"/"+id.Name)
}
