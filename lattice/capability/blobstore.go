package capability

import (
	"net/url"
)

// The interfaces of stores of objects.
var (
	blobstoreServes = []string{"wasi:blobstore/blobstore", "wasi:blobstore/container", "wasi:blobstore/types"}
	blobstoreAlong  = []string{"wasi:blobstore/container", "wasi:blobstore/types"}
)

const (
	kindBlobstoreNATS = "blobstore-nats"
	kindBlobstoreS3   = "blobstore-s3"
)

const (
	blobstoreTimeout = 10_000
	defaultObject    = 1 << 30
	natsObject       = 4 << 30
	s3Object         = 1 << 40
)

// BlobstoreNATS is what a link to a store of objects of the lattice grants. Its keys are
//
//	bucket      the name of the store within the lattice: components whose links name the
//	            same share it; one of the component's own if not said
//	max-object  of an object, 1B to 4GiB; 1GiB if not said
//	max-bytes   of the store, 1MiB to 1GiB; 256MiB if not said
//	max-keys    of the store, 1 to 1000000, of which an object needs one and one for each
//	            128KiB; 100000 if not said
//	timeout     of an operation, and of a stream without progress, 10ms to 10m; 10s if not
//	            said
type BlobstoreNATS struct {
	// Bucket is empty for the component's own.
	Bucket        string
	MaxBytes      int64
	MaxKeys       int64
	MaxObject     int64
	TimeoutMillis int64
}

// BlobstoreS3 is what a link to S3, or what speaks its protocol, grants. Its keys are
//
//	endpoint     https://HOST:PORT, or http:// without TLS
//	region       us-east-1 if not said
//	bucket       where the objects are
//	prefix       what begins their keys: components with the same share them; one of the
//	             component's own if not said
//	access-key secret-key session-token
//	             which may be secrets, and have the names of wasmCloud's provider as well:
//	             access_key_id, secret_access_key, session_token
//	path-style   true if the bucket is in the path of URLs, not in the name of the host
//	tls-ca       certificates that the service's is verified by, in PEM, instead of those
//	             of the system
//	max-object   of an object, 1B to 1TiB; 1GiB if not said
//	timeout      of an operation, and of a stream without progress, 10ms to 10m; 10s if not
//	             said
//	connections  of a host, 1 to 256; 16 if not said
//
// A secret of the link that has one of wasmCloud's names is that key's value.
type BlobstoreS3 struct {
	Endpoint, Region, Bucket           string
	Own                                bool // the prefix is the component's own
	Prefix                             string
	AccessKey, SecretKey, SessionToken Text
	PathStyle                          bool
	CA                                 string
	MaxObject                          int64
	TimeoutMillis                      int64
	Connections                        int
}

var blobstoreNATS = &Kind{
	Name:    kindBlobstoreNATS,
	Summary: "keeps objects in the lattice",
	Images:  []string{"blobstore-nats"},
	Serves:  blobstoreServes,
	Along:   blobstoreAlong,
	Example: []string{"bucket: pictures"},
	check: func(c *Config) error {
		_, err := ParseBlobstoreNATS(c)
		return err
	},
}

var blobstoreS3 = &Kind{
	Name:    kindBlobstoreS3,
	Summary: "keeps objects in a bucket of S3",
	Images:  []string{"blobstore-s3"},
	Serves:  blobstoreServes,
	Along:   blobstoreAlong,
	Example: []string{"endpoint: https://s3.eu-central-1.amazonaws.com", "region: eu-central-1", "bucket: pictures"},
	check: func(c *Config) error {
		_, err := ParseBlobstoreS3(c)
		return err
	},
}

// ParseBlobstoreNATS reads the configuration of a store of the lattice.
func ParseBlobstoreNATS(c *Config) (*BlobstoreNATS, error) {
	v := read(kindBlobstoreNATS, c)
	b := &BlobstoreNATS{
		Bucket:        v.storeName("bucket"),
		MaxObject:     v.size(defaultObject, 1, natsObject, "max-object"),
		MaxBytes:      v.size(256<<20, 1<<20, 1<<30, "max-bytes"),
		MaxKeys:       v.int(100_000, 1, 1_000_000, "max-keys"),
		TimeoutMillis: v.millis(blobstoreTimeout, leastTimeout, mostTimeout, "timeout"),
	}
	return b, v.err()
}

// ParseBlobstoreS3 reads the configuration of a store in S3.
func ParseBlobstoreS3(c *Config) (*BlobstoreS3, error) {
	v := read(kindBlobstoreS3, c)
	b := &BlobstoreS3{
		Endpoint: v.text("endpoint"), Region: v.text("region", "aws_region"), Bucket: v.text("bucket"),
		AccessKey:     v.secret("access_key_id", "access-key", "access_key_id"),
		SecretKey:     v.secret("secret_access_key", "secret-key", "secret_access_key"),
		SessionToken:  v.secret("session_token", "session-token", "session_token"),
		PathStyle:     v.bool(false, "path-style"),
		CA:            v.text("tls-ca"),
		MaxObject:     v.size(defaultObject, 1, s3Object, "max-object"),
		TimeoutMillis: v.millis(blobstoreTimeout, leastTimeout, mostTimeout, "timeout"),
		Connections:   int(v.int(16, 1, 256, "connections")),
	}
	b.Prefix, b.Own = v.storePrefix()
	u, err := url.Parse(b.Endpoint)
	switch {
	case b.Endpoint == "":
		v.fault("endpoint", "say where the service is, as in https://s3.example.com")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/":
		v.fault("endpoint", "want https://HOST:PORT and nothing more")
	}
	if b.Bucket == "" {
		v.fault("bucket", "say which bucket the objects are in")
	}
	if b.AccessKey.Empty() != b.SecretKey.Empty() {
		v.fault("access-key", "of the access key and the secret key there is only one")
	}
	return b, v.err()
}
