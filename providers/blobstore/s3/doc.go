// Package s3 keeps stores of objects in a bucket of S3, or of what else speaks its
// protocol.
//
// A store is what begins with a prefix in one bucket. An object has the key
//
//	PREFIX CONTAINER / OBJECT
//
// so that other programs can read and write the same: names are as they are, but for
// what servers and tools change or refuse (empty, "." and ".." between slashes, control
// characters), which is written as = and two digits, and = itself. A container is there
// if its marker is, an empty object whose key ends with the slash, or if any object is.
//
// What is small is sent at once, and what is not in parts of a size that bounds the
// memory of an upload. An upload that fails is aborted; where that fails as well, parts
// remain that no listing shows: a rule of the bucket for incomplete uploads removes
// them.
package s3
