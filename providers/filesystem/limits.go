package filesystem

// Limits bound what a tree holds. What is beyond them fails with [Quota], and with
// [NameTooLong] where it is beyond Depth. Zero of a field is no bound, or the
// default of the implementation, if it has one.
type Limits struct {
	// Bytes bounds the sizes of all files together.
	Bytes int64
	// Files bounds the number of files, directories, symbolic links and further
	// hard links.
	Files int64
	// Depth bounds how many names a path from the root has, ".." and links resolved.
	Depth int
}
