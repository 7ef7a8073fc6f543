package capability

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Postgres is what a link to PostgreSQL grants: all that one user may do in one
// database. Its keys are
//
//	url         postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE, which may hold
//	            secrets, or be one; instead of it
//	host port user password database
//	            which may be secrets each, and have the names of wasmCloud's provider as
//	            well: POSTGRES_HOST, POSTGRES_USERNAME and so on
//	tls         verify (the server's certificate and name), require (encryption alone) or
//	            off; verify if neither it nor the url says something
//	tls-ca      certificates that the server's is verified by, in PEM, instead of those of
//	            the system
//	pool        connections of a host, 1 to 256; 8 if not said
//	timeout     of a call, 1ms to 1h; 30s if not said
//	max-rows    of a result, 1 to 1000000; 10000 if not said
//	max-bytes   of a result as the database sends it, 1KiB to 256MiB; 16MiB if not said
//
// A secret of the link that is called like a key of wasmCloud's is that key's value.
type Postgres struct {
	URL                                  Text
	Host, Port, User, Password, Database Text
	TLS                                  TLSMode
	// CA is PEM, or empty.
	CA            string
	Pool          int
	TimeoutMillis int64
	MaxRows       int
	MaxBytes      int64
}

// TLSMode says what is asked of an encrypted connection.
type TLSMode string

// The modes.
const (
	TLSVerify  TLSMode = "verify"
	TLSRequire TLSMode = "require"
	TLSOff     TLSMode = "off"
)

// PostgresServer is a database, as one user has it.
type PostgresServer struct {
	// Host is a name, an address, or the directory of a socket.
	Host                     string
	Port                     uint16
	User, Password, Database string
	TLS                      TLSMode
}

const kindPostgres = "postgres"

var postgres = &Kind{
	Name:    kindPostgres,
	Summary: "asks a PostgreSQL database",
	Images:  []string{"sqldb-postgres"},
	Serves:  []string{"wasmcloud:postgres/prepared", "wasmcloud:postgres/query", "wasmcloud:postgres/types"},
	Along:   []string{"wasmcloud:postgres/types"},
	Example: []string{"url: postgres://user:${secret:password}@db.example.com/app"},
	check: func(c *Config) error {
		_, err := ParsePostgres(c)
		return err
	},
}

// ParsePostgres reads the configuration of PostgreSQL.
func ParsePostgres(c *Config) (*Postgres, error) {
	v := read(kindPostgres, c)
	p := &Postgres{
		URL:  v.templateOrSecret("url", "POSTGRES_URL"),
		Host: v.templateOrSecret("host", "POSTGRES_HOST"), Port: v.templateOrSecret("port", "POSTGRES_PORT"),
		User: v.templateOrSecret("user", "POSTGRES_USERNAME"), Password: v.templateOrSecret("password", "POSTGRES_PASSWORD"),
		Database:      v.templateOrSecret("database", "POSTGRES_DATABASE"),
		CA:            v.text("tls-ca"),
		Pool:          int(v.int(8, 1, 256, "pool", "POSTGRES_POOL_SIZE")),
		TimeoutMillis: v.millis(30_000, 1, 3_600_000, "timeout"),
		MaxRows:       int(v.int(10_000, 1, 1_000_000, "max-rows")),
		MaxBytes:      v.size(16<<20, 1<<10, 256<<20, "max-bytes"),
	}
	p.tls(v)
	p.complete(v)
	if err := v.err(); err != nil {
		return nil, err
	}
	if p.URL.secret() {
		return p, nil // it is known only to the host
	}
	// Whatever the secrets are: a number could be any part of it.
	if _, err := p.Server(func(string) (string, bool) { return "1", true }); err != nil {
		key := "url"
		if p.URL.Empty() {
			key = "host"
		}
		return nil, &Error{kindPostgres, []Fault{{key, err.Error()}}}
	}
	return p, nil
}

// secret reports whether a text is one secret, and nothing else.
func (t Text) secret() bool { return len(t.parts) == 1 && t.parts[0].secret != "" }

func (p *Postgres) tls(v *values) {
	key, mode, said := v.raw("tls")
	p.TLS = TLSMode(mode)
	if said && !slices.Contains([]TLSMode{TLSVerify, TLSRequire, TLSOff}, p.TLS) {
		v.fault(key, "%.80q, want verify, require or off", mode)
	}
	// wasmCloud's provider encrypts if it is told to, and verifies nothing.
	key, required, ok := v.raw("POSTGRES_TLS_REQUIRED")
	_, theirs := v.config.Values["POSTGRES_HOST"]
	switch {
	case ok && said:
		v.fault(key, "it means the same as \"tls\", which is there as well: delete one")
	case ok && (required == "true" || required == "yes"):
		p.TLS = TLSRequire
	case ok && required != "false" && required != "no":
		v.fault(key, "%.80q, want true or false", required)
	case ok, theirs && !said:
		p.TLS = TLSOff
	}
	if p.CA != "" && !strings.Contains(p.CA, "-----BEGIN CERTIFICATE-----") {
		v.fault("tls-ca", "there is no certificate in it: want -----BEGIN CERTIFICATE-----")
	}
}

// complete finds what is missing, or there twice.
func (p *Postgres) complete(v *values) {
	parts := !p.Host.Empty() || !p.Port.Empty() || !p.User.Empty() || !p.Password.Empty() || !p.Database.Empty()
	switch {
	case !p.URL.Empty() && parts:
		v.fault("url", "the same is said by host, port, user, password and database: delete one or the other")
	case p.URL.Empty() && !parts:
		v.fault("url", "there is none: say which database, as in postgres://user:${secret:password}@db.example.com/app")
	case p.URL.Empty() && (p.Host.Empty() || p.User.Empty() || p.Database.Empty()):
		v.fault("host", "host, user and database are needed")
	}
}

// templateOrSecret returns the text of the first of some keys that is there, or else the
// secret that is called like one of them, as wasmCloud has it.
func (v *values) templateOrSecret(keys ...string) Text {
	key, s, ok := v.raw(keys...)
	if ok {
		return v.templateOf(key, s)
	}
	for _, key := range keys {
		if strings.HasPrefix(key, "POSTGRES_") && slices.Contains(v.config.Secrets, key) {
			return Text{parts: []part{{secret: key}}}
		}
	}
	return Text{}
}

const postgresPort = 5432

// Server returns the database that is meant, with the secrets that lookup knows. None of
// them is in an error.
func (p *Postgres) Server(lookup func(name string) (string, bool)) (*PostgresServer, error) {
	if !p.URL.Empty() {
		return p.fromURL(lookup)
	}
	s := &PostgresServer{TLS: p.TLS}
	port := ""
	for _, f := range []struct {
		to   *string
		text Text
	}{{&s.Host, p.Host}, {&port, p.Port}, {&s.User, p.User}, {&s.Password, p.Password}, {&s.Database, p.Database}} {
		var err error
		if *f.to, err = f.text.Reveal(lookup); err != nil {
			return nil, err
		}
	}
	return s, s.finish(port)
}

// fromURL reads the URL. A secret in it is what it is in whichever part it stands, and
// not text of the URL: characters that mean something there mean nothing in it.
func (p *Postgres) fromURL(lookup func(string) (string, bool)) (*PostgresServer, error) {
	secrets := map[string]string{}
	var missing error
	stand := func(name string) (string, bool) {
		value, err := Text{parts: []part{{secret: name}}}.Reveal(lookup)
		missing = errors.Join(missing, err)
		key := fmt.Sprintf("secret-%d-in-the-url", len(secrets))
		secrets[key] = value
		return key, true
	}
	if p.URL.secret() {
		stand = lookup
	}
	text, err := p.URL.Reveal(stand)
	if err = errors.Join(err, missing); err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Opaque != "" || u.Fragment != "" {
		// What the error of url.Parse quotes may be a secret.
		return nil, fmt.Errorf("%w: want postgres://USER:PASSWORD@HOST:PORT/DATABASE", lattice.ErrInvalid)
	}
	fill := func(s string) string {
		for key, value := range secrets {
			s = strings.ReplaceAll(s, key, value)
		}
		return s
	}
	s := &PostgresServer{Host: fill(u.Hostname()), User: fill(u.User.Username()), Database: fill(strings.TrimPrefix(u.Path, "/")), TLS: p.TLS}
	password, _ := u.User.Password()
	s.Password = fill(password)
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: what follows ? is not KEY=VALUE", lattice.ErrInvalid)
	}
	for key, values := range query {
		switch {
		case key == "host" && s.Host == "" && strings.HasPrefix(values[0], "/"):
			s.Host = fill(values[0])
		case key != "sslmode" || len(values) != 1:
			return nil, fmt.Errorf("%w: of what follows ? only sslmode is known, and host if it is the directory of a socket", lattice.ErrInvalid)
		case p.TLS != "":
			return nil, fmt.Errorf("%w: sslmode means the same as the key tls, which is there as well: delete one", lattice.ErrInvalid)
		default:
			mode := map[string]TLSMode{"disable": TLSOff, "require": TLSRequire, "verify-full": TLSVerify}[values[0]]
			if mode == "" {
				return nil, fmt.Errorf("%w: sslmode is one of disable, require and verify-full", lattice.ErrInvalid)
			}
			s.TLS = mode
		}
	}
	return s, s.finish(fill(u.Port()))
}

// finish fills in what was not said, and judges the whole.
func (s *PostgresServer) finish(port string) error {
	s.Port = postgresPort
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("%w: the port is not a number up to 65535", lattice.ErrInvalid)
		}
		s.Port = uint16(n)
	}
	if s.TLS == "" {
		s.TLS = TLSVerify
	}
	if strings.HasPrefix(s.Host, "/") {
		s.TLS = TLSOff // it is a socket of this machine
	}
	switch {
	case s.Host == "", s.User == "", s.Database == "":
		return fmt.Errorf("%w: a host, a user and a database are needed", lattice.ErrInvalid)
	case strings.ContainsAny(s.Host+s.User+s.Database+s.Password, "\x00"):
		return fmt.Errorf("%w: a zero byte is in none of the host, the user, the password and the database", lattice.ErrInvalid)
	}
	return nil
}
