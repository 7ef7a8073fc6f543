//go:build wasip1

package wasi

import (
	"errors"
	"unsafe"
)

// Bucket is an own handle of wasi:keyvalue/store.bucket. A value, or a page of keys,
// that is larger than the scratch memory traps the guest: see the limits of its link.
type Bucket uint32

// The errors of wasi:keyvalue/store that have no text.
var (
	ErrNoSuchStore  = errors.New("no such store")
	ErrAccessDenied = errors.New("access denied")
)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft open
func storeOpen(identifier string, ret *retArea)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft [method]bucket.get
func bucketGet(self Bucket, key string, ret *retArea)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft [method]bucket.set
func bucketSet(self Bucket, key string, value *byte, n uint32, ret *retArea)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft [method]bucket.delete
func bucketDelete(self Bucket, key string, ret *retArea)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft [method]bucket.list-keys
func bucketListKeys(self Bucket, some uint32, cursor uint64, ret *retArea)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft [resource-drop]bucket
func bucketDrop(self Bucket)

// OpenBucket opens the store that is linked under a name. The empty name is that of
// the default link.
func OpenBucket(name string) (Bucket, error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	storeOpen(name, &ret)
	// result<own<bucket>, error>: tag at 0, payload at 4.
	if ret.u8(0) != 0 {
		return 0, storeError(&ret, 4)
	}
	return Bucket(ret.u32(4)), nil
}

// Get returns the value of a key, and whether there is one.
func (b Bucket) Get(key string) (value []byte, ok bool, err error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	bucketGet(b, key, &ret)
	// result<option<list<u8>>, error>: tags at 0 and 4, list at 8.
	if ret.u8(0) != 0 {
		return nil, false, storeError(&ret, 4)
	}
	text, ok := optionString(&ret, 4)
	return []byte(text), ok, nil
}

// Set stores a value under a key.
func (b Bucket) Set(key string, value []byte) error {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	bucketSet(b, key, unsafe.SliceData(value), uint32(len(value)), &ret)
	return storeDone(&ret)
}

// Delete removes a key, if it is there.
func (b Bucket) Delete(key string) error {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	bucketDelete(b, key, &ret)
	return storeDone(&ret)
}

// Keys returns a page of keys, in no order, and the cursor of the next page, 0 if there
// is none. The first page is that of the cursor 0.
func (b Bucket) Keys(cursor uint64) (keys []string, next uint64, err error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	bucketListKeys(b, uint32(min(cursor, 1)), cursor, &ret)
	// result<record{list<string>, option<u64>}, error>: tag at 0, payload at 8, whose
	// option is at 16 with its value at 24.
	if ret.u8(0) != 0 {
		return nil, 0, storeError(&ret, 8)
	}
	list := scratchBytes(ret.u32(8), ret.u32(12)*8)
	for ; len(list) > 0; list = list[8:] {
		keys = append(keys, scratchString(le32(list), le32(list[4:])))
	}
	if ret.u8(16) != 0 {
		next = ret.u64(24)
	}
	return keys, next, nil
}

// Drop gives the handle back.
func (b Bucket) Drop() { bucketDrop(b) }

// storeDone lifts a result<_, error>. The caller holds lowering.
func storeDone(ret *retArea) error {
	if ret.u8(0) != 0 {
		return storeError(ret, 4)
	}
	return nil
}

// storeError lifts the error variant at off in ret: a tag, and at off+4 the text of
// its last case. The caller holds lowering.
func storeError(ret *retArea, off uint32) error {
	switch ret.u8(off) {
	case 0:
		return ErrNoSuchStore
	case 1:
		return ErrAccessDenied
	}
	return errors.New(scratchString(ret.u32(off+4), ret.u32(off+8)))
}
