// Package filesystemtest is the conformance suite of providers/filesystem: what every
// kind of tree does alike, whatever is behind it.
//
// [Run] takes a tree that can be changed and is empty, [RunReadOnly] one that cannot
// and holds the [Fixture], [RunLimits] one that is bounded. A kind without links, or
// whose times cannot be set, says so in [Kind]; the suite then checks that it refuses
// them as it should.
package filesystemtest
