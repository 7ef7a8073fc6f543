package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// imageClient returns what talks to registries, with the credentials, mirrors and
// proxies that docker, podman and their kin use.
func imageClient(env *Env) (*oci.Client, error) {
	o := &oci.Options{AuthFiles: authFiles(env), Agent: "wattle/" + version()}
	for _, file := range registriesFiles(env) {
		all, err := oci.ReadRegistries(file)
		if err != nil {
			return nil, err
		}
		if all != nil {
			o.Registries = all
			break
		}
	}
	return oci.New(o)
}

// authFiles are the files that may have credentials, the one that is written to first.
func authFiles(env *Env) []string {
	var files []string
	add := func(dir string, path ...string) {
		if dir != "" {
			files = append(files, filepath.Join(append([]string{dir}, path...)...))
		}
	}
	add(env.Getenv("REGISTRY_AUTH_FILE"))
	if dir := env.Getenv("DOCKER_CONFIG"); dir != "" {
		add(dir, "config.json")
	} else {
		add(env.Getenv("HOME"), ".docker", "config.json")
	}
	add(env.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	return files
}

// registriesFiles are the files that may say where references lead. The first that
// exists counts.
func registriesFiles(env *Env) []string {
	if file := env.Getenv("CONTAINERS_REGISTRIES_CONF"); file != "" {
		return []string{file}
	}
	const system = "/etc/containers/registries.conf"
	if home := env.Getenv("HOME"); home != "" {
		return []string{filepath.Join(home, ".config", "containers", "registries.conf"), system}
	}
	return []string{system}
}

// isImage reports whether an argument means an image in a registry, and no file.
func isImage(what string) bool {
	if !oci.Is(what) {
		return false
	}
	_, err := os.Stat(what)
	return errors.Is(err, fs.ErrNotExist)
}

// openProgram reads a component: a file, an image in a registry, or what a web server has.
func openProgram(ctx context.Context, env *Env, what string) (*program, error) {
	p := &program{file: what}
	var err error
	switch {
	case isWeb(what):
		p.wasm, err = fetchWeb(ctx, env, what)
		err = interrupted(ctx, err)
	case isImage(what):
		p.wasm, p.provenance, err = fetchImage(ctx, env, what)
	default:
		p.wasm, err = readFile(what)
	}
	if err != nil {
		return nil, err
	}
	if p.about, err = component.Describe(p.wasm); err != nil {
		return nil, &loadError{what, withHint(p.wasm, err)}
	}
	return p, nil
}

// fetchImage reads an image from its registry.
func fetchImage(ctx context.Context, env *Env, what string) ([]byte, *oci.Provenance, error) {
	ref, err := oci.ParseReference(what)
	if err != nil {
		return nil, nil, &usageError{err}
	}
	c, err := imageClient(env)
	if err != nil {
		return nil, nil, err
	}
	shown := newWait(env, "fetching "+ref.String())
	shown.say("from %s", ref.Registry)
	a, wasm, err := c.Fetch(ctx, ref)
	shown.end()
	if err != nil {
		return nil, nil, interrupted(ctx, err)
	}
	return wasm, &a.Provenance, nil
}

// fetchTime bounds how long an image is fetched for somebody else's tool.
const fetchTime = 2 * time.Minute

// fetcher returns what brings images of registries into a lattice, for tools that only
// name them.
func fetcher(c *oci.Client, l lattice.Lattice, name lattice.Name) func(context.Context, string) (string, error) {
	return func(ctx context.Context, image string) (string, error) {
		ref, err := oci.ParseReference(image)
		if err != nil {
			return "", nil // it is a name of another kind
		}
		ctx, cancel := context.WithTimeout(ctx, fetchTime)
		defer cancel()
		a, wasm, err := c.Fetch(ctx, ref)
		if err != nil {
			return "", err
		}
		objects, err := l.Objects(ctx, wire.Buckets{Lattice: name}.Artifacts(), false)
		if err != nil {
			return "", err
		}
		return a.Digest, storeProgram(ctx, objects, &program{file: image, wasm: wasm, provenance: &a.Provenance}, a.Digest, func(uint64) {})
	}
}
