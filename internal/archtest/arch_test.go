package archtest_test

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/wattle-dev/wattle"

// layers is the dependency policy: a package may import the packages that its
// line lists, and what those may import. Standard library and third-party
// packages are the business of engines and pure. A trailing /... stands for
// all packages below.
//
// This is a statement of policy. Do not change it to make a build pass.
const layers = `
wit:
wit/syntax:               wit internal/nearest
wit/witjson:              wit
wit/compat:               wit internal/nearest
wit/deps:                 wit/syntax
wit/wittest:              wit
internal/nearest:
internal/rawjson:
internal/webserver:
wit/wave:                 wit internal/nearest
host/component/abi:       wit
host/component/binary:
host/component/core:
host/component/validate:  wit host/component/binary host/component/core
host/component:           wit wit/compat wit/witbin host/component/abi host/component/validate
host/component/spectest:  host/component
providers/filesystem:
providers/filesystem/hostdir: providers/filesystem
providers/filesystem/memfs: providers/filesystem
providers/filesystem/layers: providers/filesystem/memfs
providers/filesystem/objectdir: providers/filesystem providers/blobstore
providers/filesystem/filesystemtest: providers/filesystem
providers/httpclient:     lattice/capability/httprule
providers/messaging:      lattice lattice/capability/subject
providers/messaging/natsmessaging: providers/messaging lattice/wire lattice/tracecontext
providers/keyvalue:
providers/keyvalue/keyvaluetest: providers/keyvalue
providers/keyvalue/natskv: providers/keyvalue lattice lattice/token lattice/quota
providers/keyvalue/rediskv: providers/keyvalue
providers/blobstore:
providers/blobstore/blobstoretest: providers/blobstore
providers/blobstore/natsobjects: providers/blobstore lattice lattice/token lattice/quota
providers/blobstore/s3:   providers/blobstore lattice/token
providers/postgres:       lattice
providers/postgres/pgpool: providers/postgres
providers/messaging/messagingtest: providers/messaging
providers/postgres/postgrestest: providers/postgres
host/wasi/io:             host/component
host/wasi/clocks:         host/wasi/io
host/wasi/random:         host/component
host/wasi/cli:            host/wasi/io
host/wasi/filesystem:     host/wasi/io host/wasi/clocks providers/filesystem
host/wasi/sockets:        host/wasi/io host/wasi/clocks
host/wasi/http:           host/wasi/io host/wasi/clocks providers/httpclient
host/wasi/config:         host/component
host/wasi/logging:        host/component
host/wasi/keyvalue:       host/component providers/keyvalue
host/wasi/keyvalue/v020draft: host/wasi/keyvalue
host/wasi/blobstore:      host/wasi/io providers/blobstore
host/wasi/messaging:      host/component providers/messaging
host/wasmcloud/messaging: host/component providers/messaging
host/wasmcloud/postgres:  host/component providers/postgres
host/wattle/mcp:          host/component internal/rawjson
host/wasmcp/auth:         host/component
host/wasmcp/mcpv20251125: host/wasi/io host/wasmcp/auth host/wattle/mcp
host/wasmcloud/secrets:   host/component
host/wasi:                host/wasi/... host/wasmcloud/... providers/filesystem/hostdir host/wattle/mcp host/wasmcp/...
host/wasmcloud/bus/v100:  host/component
host/wasmcloud/bus:       host/wasmcloud/bus/v100
host/capability:          host/wasi lattice/capability providers/...
host:                     host/wasi internal/webserver lattice
lattice:                  wit
lattice/wire:             lattice
lattice/catalogue:        internal/rawjson lattice/wire
lattice/token:
lattice/quota:            lattice
lattice/capability/httprule:
lattice/capability/subject:
lattice/capability:       lattice lattice/capability/httprule lattice/capability/subject internal/nearest
lattice/manifest:         lattice/wire lattice/capability internal/nearest
lattice/seal:             lattice
lattice/trust:            lattice/wire lattice/seal
lattice/trust/trusttest:  lattice/trust
lattice/latticetest:      lattice
lattice/memlattice:       lattice
lattice/natslattice:      lattice/wire lattice/trust
lattice/natslattice/natsserver: lattice/wire lattice/trust
lattice/directory:        lattice/wire lattice/catalogue
lattice/invoke:           lattice/wire lattice/directory lattice/tracecontext wit/witbin
lattice/microservice:     lattice/wire
lattice/oci:              lattice/wire
lattice/tracecontext:     lattice
lattice/telemetry:        lattice/tracecontext
lattice/telemetry/telemetrytest:
hostgroup:                lattice
hostgroup/machine:
host/secrets:             lattice/wire lattice/seal
host/mcp:                 host internal/rawjson lattice/catalogue providers/httpclient
host/mcp/typed/jsonval:   wit
host/mcp/typed:           host/mcp host/mcp/typed/jsonval host/wattle/mcp
host/daemon:              host host/capability host/secrets host/mcp host/mcp/typed lattice/catalogue lattice/capability hostgroup hostgroup/machine lattice/invoke lattice/directory lattice/microservice lattice/telemetry lattice/oci
scheduler:                lattice/microservice lattice/seal scheduler/lead scheduler/raftlog
scheduler/control:        lattice/wire lattice/seal
scheduler/state:          lattice/wire lattice/capability
scheduler/raftlog:        scheduler/state
scheduler/place:          lattice/wire
scheduler/reconcile:      scheduler/place scheduler/state hostgroup/machine
scheduler/decide:         scheduler/state scheduler/control lattice/manifest
scheduler/lead:           scheduler/decide scheduler/reconcile
scheduler/sim:            scheduler/lead scheduler/control lattice/wire
scheduler/wasmcloud:      scheduler scheduler/control hostgroup
scheduler/wadm:           scheduler/control lattice/manifest
providers/httpserver:     lattice internal/webserver
providers/mcp/jsonrpc:
providers/mcp:            lattice/catalogue lattice/directory internal/webserver providers/mcp/jsonrpc
providers/mcp/mcpclient:  lattice
wit/witbin:               wit
internal/witgen:          wit wit/syntax wit/deps
internal/wastgen:         host/component/spectest
internal/conformance:     host/component/spectest
internal/bench:           host host/capability internal/storesguest lattice/invoke lattice/memlattice lattice/natslattice lattice/natslattice/natsserver lattice/trust scheduler scheduler/raftlog scheduler/lead providers/mcp
internal/cli/show:
internal/cli/appview:     internal/cli/show scheduler/control
internal/cli/inventory:   internal/cli/show lattice/catalogue hostgroup
internal/cli:             host host/wasi/... wit/syntax wit/wave wit/deps wit/witjson wit/compat providers/... internal/cli/... internal/webserver host/daemon host/secrets host/capability lattice/capability lattice/natslattice lattice/natslattice/natsserver lattice/trust lattice/manifest scheduler scheduler/control scheduler/raftlog scheduler/wadm scheduler/wasmcloud
internal/guests:
internal/storesguest:
internal/wasitest:        host/wasi
internal/toolchains:
internal/archtest:
internal/e2e:
internal/e2e/lattice:
cmd/wattle:               internal/cli
`

// engines says which packages may import a library. Its types stop there.
var engines = map[string][]string{
	"github.com/tetratelabs/wazero": {"host/component"},
	"github.com/spf13/cobra":        {"internal/cli"},
	"github.com/spf13/pflag":        {"internal/cli"},

	"github.com/nats-io/nats.go":             {"lattice/natslattice", "internal/bench"},
	"github.com/jackc/pgx/v5":                {"providers/postgres/pgpool"},
	"github.com/nats-io/nats-server/v2":      {"lattice/natslattice/natsserver"},
	"github.com/nats-io/jwt/v2":              {"lattice/trust", "lattice/natslattice/natsserver"},
	"github.com/nats-io/nkeys":               {"lattice/trust"},
	"go.opentelemetry.io/otel/sdk":           {"lattice/telemetry"},
	"go.opentelemetry.io/otel/exporters":     {"lattice/telemetry"},
	"github.com/hashicorp/raft":              {"scheduler/raftlog"},
	"go.etcd.io/bbolt":                       {"scheduler/raftlog"},
	"github.com/tidwall/btree":               {"scheduler/state", "scheduler/place"},
	"github.com/redis/go-redis/v9":           {"providers/keyvalue/rediskv", "internal/bench"},
	"github.com/minio/minio-go/v7":           {"providers/blobstore/s3"},
	"oras.land/oras-go/v2":                   {"lattice/oci"},
	"github.com/opencontainers":              {"lattice/oci"},
	"github.com/BurntSushi/toml":             {"lattice/oci"},
	"github.com/modelcontextprotocol/go-sdk": {"providers/mcp/mcpclient", "internal/bench"},
	"go.yaml.in/yaml/v3":                     {"internal/cli", "internal/cli/show", "lattice/manifest"},
}

// pure packages decide and do not act.
var pure = []string{"wit", "wit/syntax", "wit/witjson", "wit/compat", "internal/nearest", "internal/rawjson", "wit/wave", "host/component/abi", "host/component/binary", "host/component/core", "host/component/validate", "lattice/wire", "lattice/catalogue", "host/mcp/typed/jsonval", "hostgroup", "wit/witbin", "lattice/manifest", "lattice/capability", "lattice/token", "lattice/capability/httprule", "lattice/capability/subject", "scheduler/place", "scheduler/reconcile", "scheduler/decide", "scheduler/lead"}

// impure are the imports that pure packages may not have, but for those that are values
// only.
var (
	impure = regexp.MustCompile(`^(net|net/.*|os|os/.*|sync|context|log/slog|crypto/rand|math/rand.*|time)$`)
	values = []string{"net/netip", "net/url"}
)

const maxLines = 800

// topLevel is what may lie at the top of the repository.
var topLevel = strings.Fields(`
	host lattice scheduler providers wit hostgroup chart examples cmd internal
	.ci .git .gitignore .gitattributes .golangci.yml go.mod go.sum Makefile LICENSE
	README.md RATIONALE.md CONTRIBUTING.md STYLE.md SECURITY.md BENCHMARKS.md
	bin .cache`)

type pkg struct {
	dir     string // slash-separated, relative to the root
	files   []*ast.File
	names   []string
	imports map[string]string // import path to the file that has it, tests excluded
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// nested says whether a directory is a Go module of its own.
func nested(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	top := root(t)
	pkgs := map[string]*pkg{}
	err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, file)
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if rel != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || nested(file)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), rel, src, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		p := pkgs[dir]
		if p == nil {
			p = &pkg{dir: dir, imports: map[string]string{}}
			pkgs[dir] = p
		}
		if lines := bytes.Count(src, []byte("\n")); lines > maxLines && !ast.IsGenerated(f) {
			t.Errorf("%s has %d lines: split it by construct (limit %d)", rel, lines, maxLines)
		}
		if strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		p.files = append(p.files, f)
		p.names = append(p.names, rel)
		for _, im := range f.Imports {
			if s, err := strconv.Unquote(im.Path.Value); err == nil {
				p.imports[s] = rel
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

func policy(t *testing.T) map[string][]string {
	t.Helper()
	rules := map[string][]string{}
	sc := bufio.NewScanner(strings.NewReader(strings.TrimSpace(layers)))
	for sc.Scan() {
		name, deps, ok := strings.Cut(sc.Text(), ":")
		if !ok {
			t.Fatalf("policy line %q has no colon", sc.Text())
		}
		rules[name] = strings.Fields(deps)
	}
	return rules
}

// allowed returns all that a package may import, through any number of steps.
func allowed(rules map[string][]string, name string) map[string]bool {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(n string) {
		for _, d := range rules[n] {
			for have := range rules {
				below, all := strings.CutSuffix(d, "/...")
				if (have == d || all && (have == below || strings.HasPrefix(have, below+"/"))) && !seen[have] && have != name {
					seen[have] = true
					walk(have)
				}
			}
		}
	}
	walk(name)
	return seen
}

func TestLayers(t *testing.T) {
	rules := policy(t)
	for dir, p := range packages(t) {
		if len(p.files) == 0 {
			continue
		}
		if _, ok := rules[dir]; !ok {
			t.Errorf("package %s is not in the policy: decide which layer it belongs to", dir)
			continue
		}
		ok := allowed(rules, dir)
		for im, file := range p.imports {
			if dep, ours := strings.CutPrefix(im, module+"/"); ours && !ok[dep] {
				t.Errorf("%s: %s may not import %s", file, dir, dep)
			}
		}
	}
}

func TestEngines(t *testing.T) {
	for dir, p := range packages(t) {
		for im, file := range p.imports {
			for lib, owners := range engines {
				if (im == lib || strings.HasPrefix(im, lib+"/")) && !slices.Contains(owners, dir) {
					t.Errorf("%s: %s may not import %s, which belongs to %v", file, dir, im, owners)
				}
			}
		}
	}
}

func TestPure(t *testing.T) {
	pkgs := packages(t)
	for _, dir := range pure {
		p := pkgs[dir]
		if p == nil {
			t.Errorf("pure package %s does not exist", dir)
			continue
		}
		for im, file := range p.imports {
			if impure.MatchString(im) && !slices.Contains(values, im) {
				t.Errorf("%s: %s is pure and may not import %s", file, dir, im)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for dir, p := range packages(t) {
		n := 0
		for _, f := range p.files {
			if f.Doc != nil && !ast.IsGenerated(f) {
				n++
			}
		}
		if n != 1 && len(p.files) > 0 {
			t.Errorf("package %s has %d package comments, want one that says what it promises", dir, n)
		}
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(topLevel, e.Name()) {
			t.Errorf("%s does not belong at the top of the repository", e.Name())
		}
	}
}

func TestNoReplace(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		if strings.HasPrefix(line, "replace") || strings.HasPrefix(line, "tool") || strings.HasPrefix(line, "toolchain") {
			t.Errorf("go.mod: %q: keep the module file to what it requires", strings.TrimSpace(line))
		}
	}
}
