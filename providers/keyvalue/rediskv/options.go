package rediskv

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// Options say where a store is.
type Options struct {
	// URL is redis://, rediss:// with TLS, or unix://, with user, password and number of
	// the database: rediss://user:password@host:6379/0.
	URL string
	// Username and Password are used in place of those of the URL if set.
	Username, Password string
	// CA are certificates in PEM that the server's may be signed by, in place of the
	// system's.
	CA string
	// Prefix begins all keys.
	Prefix string
	// MaxValue bounds values that are read; keyvalue.DefaultValue if 0.
	MaxValue int
	// Connections is how many there are at once; 8 if 0.
	Connections int
	// Timeout is how long a connection may take to be made; keyvalue.DefaultTimeout if 0.
	Timeout time.Duration
}

const defaultConnections = 8

// silent keeps the library from writing to the standard error: what goes wrong is in
// the errors.
type silent struct{}

// Printf implements the library's logging.
func (silent) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silent{}) }

// Check reports what is wrong with options. It connects to nothing, and what it returns
// names no secret.
func (o *Options) Check() error {
	_, err := o.client()
	return err
}

// client returns the library's options.
func (o *Options) client() (*redis.Options, error) {
	c, err := redis.ParseURL(o.URL)
	if err != nil {
		// Its error may show the URL, with the password.
		return nil, errors.New("it is no URL of a Redis server, as in rediss://user@redis.example.com:6379/0")
	}
	if o.Username != "" {
		c.Username = o.Username
	}
	if o.Password != "" {
		c.Password = o.Password
	}
	if c.TLSConfig != nil {
		c.TLSConfig = &tls.Config{ServerName: c.TLSConfig.ServerName, MinVersion: tls.VersionTLS12}
		if o.CA != "" {
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM([]byte(o.CA)) {
				return nil, errors.New("there is no certificate in PEM among the authorities")
			}
			c.TLSConfig.RootCAs = pool
		}
	} else if o.CA != "" {
		return nil, errors.New("there are authorities for TLS, but the URL is not rediss://")
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = keyvalue.DefaultTimeout
	}
	c.PoolSize = o.Connections
	if c.PoolSize <= 0 {
		c.PoolSize = defaultConnections
	}
	c.MaxActiveConns = c.PoolSize
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.PoolTimeout = timeout, timeout, timeout, timeout
	c.DialerRetries = 1
	c.MaxRetries = -1
	c.ContextTimeoutEnabled = true
	c.DisableIdentity = true
	c.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return c, nil
}

// Open returns a store. It connects when the store is first used.
func Open(o *Options) (*Store, error) {
	c, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	s := &Store{client: redis.NewClient(c), prefix: o.Prefix, maxValue: o.MaxValue}
	if s.maxValue <= 0 {
		s.maxValue = keyvalue.DefaultValue
	}
	return s, nil
}
