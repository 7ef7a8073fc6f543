package lattice

// Signer signs documents as the one to whom they belong.
type Signer interface {
	// Sign returns the signed form of a value, which is JSON, for one key of one
	// bucket: it is worth nothing anywhere else.
	Sign(bucket, key string, value []byte) ([]byte, error)
}

// Verifier opens signed documents. What it does not return was not written by
// whom it should have been, and is ignored.
type Verifier interface {
	// Host returns the value of a document of a host.
	Host(id HostID, bucket, key string, signed []byte) ([]byte, error)
	// Scheduler returns the value of a document of the scheduler of this lattice.
	Scheduler(bucket, key string, signed []byte) ([]byte, error)
}
