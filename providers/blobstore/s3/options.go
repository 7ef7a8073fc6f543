package s3

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Options say where a store is.
type Options struct {
	// Endpoint is the URL of the service, https://s3.eu-central-1.amazonaws.com.
	Endpoint string
	// Region is us-east-1 if empty.
	Region string
	// Bucket is where it is, and Prefix begins all keys in it.
	Bucket, Prefix string
	// AccessKey, SecretKey and, for those that are for a while, SessionToken are who asks;
	// nobody in particular if they are empty.
	AccessKey, SecretKey, SessionToken string
	// PathStyle has the bucket be in the path of URLs, and not in the name of the host.
	PathStyle bool
	// CA are certificates in PEM that the service's may be signed by, in place of the
	// system's.
	CA string
	// MaxSize bounds objects that are put; blobstore.DefaultSize if 0.
	MaxSize int64
	// Connections is how many there are at once; 16 if 0.
	Connections int
	// Timeout is how long an answer may take to begin; blobstore.DefaultTimeout if 0.
	Timeout time.Duration
}

const (
	defaultConnections = 16
	defaultRegion      = "us-east-1"
	// attempts is how often a request is sent that fails for what passes.
	attempts = 3
	// leastPart is the least size of parts, and mostParts how many there may be.
	leastPart = 5 << 20
	mostParts = 10_000
	// maxPrefix bounds prefixes, so that most names of objects fit into keys.
	maxPrefix = 200
)

// Check reports what is wrong with options. It connects to nothing, and what it returns
// names no secret.
func (o *Options) Check() error {
	_, _, err := o.client()
	return err
}

// client returns the library's client, and the connections that it has.
func (o *Options) client() (*minio.Client, *http.Transport, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return nil, nil, errors.New("the endpoint is no URL of a service, as in https://s3.example.com")
	}
	if err := s3utils.CheckValidBucketName(o.Bucket); err != nil {
		return nil, nil, fmt.Errorf("bucket %.80q: %w", o.Bucket, err)
	}
	if len(o.Prefix) > maxPrefix {
		return nil, nil, fmt.Errorf("the prefix has %d bytes, %d are allowed", len(o.Prefix), maxPrefix)
	}
	if (o.AccessKey == "") != (o.SecretKey == "") {
		return nil, nil, errors.New("of the access key and the secret key there is only one")
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = blobstore.DefaultTimeout
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(o.CA)) {
			return nil, nil, errors.New("there is no certificate in PEM among the authorities")
		}
	}
	connections := o.Connections
	if connections <= 0 {
		connections = defaultConnections
	}
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: timeout}).DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   timeout,
		ResponseHeaderTimeout: timeout,
		MaxConnsPerHost:       connections,
		MaxIdleConnsPerHost:   connections,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
	}
	lookup := minio.BucketLookupAuto
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	region := o.Region
	if region == "" {
		region = defaultRegion
	}
	c, err := minio.New(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(o.AccessKey, o.SecretKey, o.SessionToken),
		Secure:       u.Scheme == "https",
		Transport:    transport,
		Region:       region,
		BucketLookup: lookup,
		MaxRetries:   attempts,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("endpoint %.200q: %w", o.Endpoint, err)
	}
	return c, transport, nil
}

// Open returns a store. It connects when the store is first used.
func Open(o *Options) (*Store, error) {
	client, transport, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	size := o.MaxSize
	if size <= 0 {
		size = blobstore.DefaultSize
	}
	return &Store{
		core: minio.Core{Client: client}, transport: transport, bucket: o.Bucket, prefix: o.Prefix,
		part: max(leastPart, (size+mostParts-1)/mostParts),
	}, nil
}
