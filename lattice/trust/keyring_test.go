package trust_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/jwt/v2"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// files are the files of a directory, with when they were written and what.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = info.ModTime().String() + "\n" + string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestKeyringStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "keys")
	if _, err := trust.Open(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Open of no keyring: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Open makes something: %v", err)
	}
	k, err := trust.OpenOrInit(dir, lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := k.Creds(lattice.DefaultName, trust.RoleHost, "up")
	if err != nil {
		t.Fatal(err)
	}
	scheduler, err := k.Creds(lattice.DefaultName, trust.RoleScheduler, "")
	if err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	again, err := trust.OpenOrInit(dir, lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*trust.Keyring{k, again} {
		if c, err := k.Creds(lattice.DefaultName, trust.RoleHost, "up"); err != nil || c.HostID() != creds.HostID() {
			t.Errorf("the host is another: %v", err)
		}
		if c, err := k.Creds(lattice.DefaultName, trust.RoleScheduler, ""); err != nil || c.JWT != scheduler.JWT {
			t.Errorf("the scheduler is another: %v", err)
		}
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("opening a keyring changes it: %s", diff)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestKeyringAtOnce has many make the same keyring: they all get the same keys.
func TestKeyringAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	const n = 8
	var (
		wg  sync.WaitGroup
		got [n]string
	)
	for i := range n {
		wg.Go(func() {
			k, err := trust.OpenOrInit(dir, lattice.DefaultName)
			if err != nil {
				t.Error(err)
				return
			}
			account, err := k.Account(lattice.DefaultName)
			if err != nil {
				t.Error(err)
				return
			}
			c, err := k.Creds(lattice.DefaultName, trust.RoleHost, "up")
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = fmt.Sprint(k.Operator(), k.SystemAccount(), account, c.HostID())
		})
	}
	wg.Wait()
	for i := range got {
		if got[i] != got[0] {
			t.Errorf("%d has %q, and 0 has %q", i, got[i], got[0])
		}
	}
}

// TestKeyringUnfinished has each file of a keyring be missing, as after a crash.
func TestKeyringUnfinished(t *testing.T) {
	k := trusttest.Keyring(t)
	for name := range files(t, k.Dir()) {
		if err := os.Remove(filepath.Join(k.Dir(), name)); err != nil {
			t.Fatal(err)
		}
		if _, err := trust.OpenOrInit(k.Dir(), lattice.DefaultName); err != nil {
			t.Errorf("without %s: %v", name, err)
		}
	}
	k = reopen(t, k.Dir())
	// What is there now fits together.
	dialRaw(t, startServer(t, k), trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost))
}

func reopen(t *testing.T, dir string) *trust.Keyring {
	t.Helper()
	k, err := trust.OpenOrInit(dir, lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestKeyringDamaged has each file be something else.
func TestKeyringDamaged(t *testing.T) {
	for name, content := range map[string]string{
		"operator.nk":                 "garbage",
		"system.nk":                   "",
		"lattices/default/account.nk": "SUACH75SWCM5D2JMJM6EKLR2WDARVGZT4QC6LX3AGHSWOMVAKERABBBRWM",
		"lattices/default/host.nk":    strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			k := trusttest.Keyring(t)
			file := filepath.Join(k.Dir(), name)
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := trust.OpenOrInit(k.Dir(), lattice.DefaultName)
			if !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), filepath.Base(name)) {
				t.Errorf("error %v", err)
			}
			if b, err := os.ReadFile(file); err != nil || string(b) != content {
				t.Error("the file was changed")
			}
		})
	}
}

// TestKeyringUpgrade has an account's JWT of another version.
func TestKeyringUpgrade(t *testing.T) {
	k := trusttest.Keyring(t)
	account, err := k.Account(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(k.Dir(), "lattices/default/account.jwt")
	now, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// The system's account permits nothing of a lattice.
	system, err := os.ReadFile(filepath.Join(k.Dir(), "system.jwt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, system, 0o600); err != nil {
		t.Fatal(err)
	}
	reopen(t, k.Dir())
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := jwt.DecodeAccountClaims(strings.TrimSpace(string(after)))
	if err != nil || claims.Subject != account || len(after) != len(now) {
		t.Errorf("the account is %s, %d bytes and not %d, %v", claims.Subject, len(after), len(now), err)
	}
}

func TestKeyringPermissions(t *testing.T) {
	for _, test := range []struct {
		file string
		mode os.FileMode
		want string
	}{
		{"operator.nk", 0o640, "chmod 600"},
		{"operator.nk", 0o604, "chmod 600"},
		{"lattices/default/account.nk", 0o644, "chmod 600"},
		{".", 0o755, "chmod 700"},
		{"lattices", 0o750, "chmod 700"},
	} {
		k := trusttest.Keyring(t)
		file := filepath.Join(k.Dir(), test.file)
		if err := os.Chmod(file, test.mode); err != nil {
			t.Fatal(err)
		}
		_, err := trust.OpenOrInit(k.Dir(), lattice.DefaultName)
		if !errors.Is(err, lattice.ErrDenied) || !strings.Contains(err.Error(), test.want+" "+filepath.Clean(file)) {
			t.Errorf("%s with mode %v: %v", test.file, test.mode, err)
		}
	}
}

func TestIssue(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	key, err := trust.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Hour).Truncate(time.Second)
	c, err := k.Issue(other, trust.RoleHost, &trust.User{Name: "edge", Key: key, Expires: end})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	back, err := trust.ParseCreds(text)
	if err != nil {
		t.Fatal(err)
	}
	account, err := k.Account(other)
	if err != nil {
		t.Fatal(err)
	}
	if back.Role != trust.RoleHost || back.Lattice != other || back.Name != "edge" || back.Account != account || !back.Expires.Equal(end) || back.HostID() != key.HostID() || back.JWT != c.JWT {
		t.Errorf("ParseCreds = %v", back)
	}
	if id, err := trust.HostIDOf(back.User()); err != nil || id != key.HostID() {
		t.Errorf("HostIDOf(%q) = %q, %v", back.User(), id, err)
	}
	if user, err := trust.UserOf(key.HostID()); err != nil || user != back.User() {
		t.Errorf("UserOf(%q) = %q, %v", key.HostID(), user, err)
	}
	for _, test := range []struct {
		l    lattice.Name
		role trust.Role
		user *trust.User
		want error
	}{
		{"nowhere", trust.RoleHost, nil, fs.ErrNotExist},
		{"../x", trust.RoleHost, nil, lattice.ErrInvalid},
		{lattice.DefaultName, "king", nil, lattice.ErrInvalid},
		{lattice.DefaultName, "", nil, lattice.ErrInvalid},
		{lattice.DefaultName, trust.RoleHost, &trust.User{Name: strings.Repeat("x", 200)}, lattice.ErrInvalid},
	} {
		if _, err := k.Issue(test.l, test.role, test.user); !errors.Is(err, test.want) {
			t.Errorf("Issue(%q, %q): %v, want %v", test.l, test.role, err, test.want)
		}
	}
	if _, err := k.Creds(lattice.DefaultName, trust.RoleHost, "../../x"); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("Creds with a path as name: %v", err)
	}
	// The line with which a client connects may have 4 KiB at most.
	for _, role := range trust.Roles() {
		if c := trusttest.Creds(t, k, lattice.DefaultName, role); len(c.JWT) > 3000 {
			t.Errorf("the JWT of role %q has %d bytes", role, len(c.JWT))
		}
	}
}

// TestSecrets demands that nothing prints a seed.
func TestSecrets(t *testing.T) {
	k := trusttest.Keyring(t)
	c := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost)
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	_, seed, ok := strings.Cut(string(text), "BEGIN USER NKEY SEED-----\n")
	if !ok {
		t.Fatalf("no seed in %q", text)
	}
	seed, _, _ = strings.Cut(seed, "\n")
	var out strings.Builder
	for _, v := range []any{c, *c, c.Key} {
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	config, err := k.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files(t, k.Dir()) {
		_, seed, _ := strings.Cut(content, "\n")
		if strings.HasSuffix(name, ".nk") && strings.Contains(config, strings.TrimSpace(seed)) {
			t.Errorf("the configuration has %s", name)
		}
	}
	if strings.Contains(out.String(), seed) {
		t.Errorf("printed: %s", out.String())
	}
}

func TestReadCreds(t *testing.T) {
	k := trusttest.Keyring(t)
	one, two := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost), trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost)
	textOne, err := one.Text()
	if err != nil {
		t.Fatal(err)
	}
	textTwo, err := two.Text()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.creds")
	if _, err := trust.ReadCreds(file); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "wattle lattice creds") {
		t.Errorf("no file: %v", err)
	}
	if err := one.Write(file); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]error{0o600: nil, 0o400: nil, 0o440: nil, 0o604: lattice.ErrDenied, 0o644: lattice.ErrDenied} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := trust.ReadCreds(file); !errors.Is(err, want) {
			t.Errorf("mode %v: %v, want %v", mode, err, want)
		}
	}
	seed := func(text []byte) string {
		_, rest, _ := strings.Cut(string(text), "-----BEGIN USER NKEY SEED-----")
		return "-----BEGIN USER NKEY SEED-----" + rest
	}
	token := func(text []byte) string {
		head, _, _ := strings.Cut(string(text), "-----BEGIN USER NKEY SEED-----")
		return head
	}
	for name, text := range map[string]string{
		"nothing":              "",
		"JWT alone":            token(textOne),
		"seed alone":           seed(textOne),
		"the seed of another":  token(textOne) + seed(textTwo),
		"a large file":         strings.Repeat("x", 1<<20),
		"a JWT that is broken": strings.Replace(string(textOne), "eyJ", "eyK", 1),
	} {
		if c, err := trust.ParseCreds([]byte(text)); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func FuzzParseCreds(f *testing.F) {
	k := trusttest.Keyring(f)
	text, err := trusttest.Creds(f, k, lattice.DefaultName, trust.RoleHost).Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := trust.ParseCreds(text)
		if err != nil {
			return
		}
		if again, err := c.Text(); err != nil {
			t.Error(err)
		} else if back, err := trust.ParseCreds(again); err != nil || back.User() != c.User() {
			t.Errorf("%v, %v", back, err)
		}
	})
}

// TestConnect has those try to connect who may not.
func TestConnect(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	s := startServer(t, k)
	f := newForger(t, k)
	account := f.seed(lattice.DefaultName, "account.nk")
	accountKey, err := account.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	host := f.seed(lattice.DefaultName, "host.nk")
	scoped := func(c *jwt.UserClaims) { c.SetScoped(true); c.IssuerAccount = accountKey }
	for _, test := range []struct {
		name, token string
		ok          bool
	}{
		{"made by the account", f.jwt(account, func(*jwt.UserClaims) {}), true},
		{"made by the key for hosts", f.jwt(host, func(c *jwt.UserClaims) { scoped(c); c.Tags = append(c.Tags, "host:NX") }), true},
		{"with permissions by the key for hosts", f.jwt(host, func(c *jwt.UserClaims) {
			c.IssuerAccount = accountKey
			c.Pub.Allow.Add(">")
		}), false},
		{"by the key for hosts of another lattice", f.jwt(f.seed(other, "host.nk"), scoped), false},
		{"by a host's own key", trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost).JWT, false},
		{"expired", f.jwt(account, func(c *jwt.UserClaims) { c.Expires = time.Now().Unix() - 1 }), false},
		{"for whoever has the JWT", f.jwt(account, func(c *jwt.UserClaims) { c.BearerToken = true }), false},
		{"nothing", "", false},
	} {
		if _, err := tryRaw(t, s, test.token, f.user.Sign); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
