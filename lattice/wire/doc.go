// Package wire has the names and forms of everything that Wattle puts on NATS:
// subjects, buckets, documents and the frames of exchanges. It is pure, and
// nothing of it is written down anywhere else.
//
// # Documents
//
// A document is a JSON object in a bucket, or a message to be read by people and
// tools as well. For each there is an Encode and a Decode. Every decoder refuses
// what is larger than the bounds in this package, which stand in one place; a
// field that is there twice, or written in other letters than ours; null; a number
// that does not fit; a name that package lattice would not take; a document that
// belongs under another key than it was found; anything after the end. The error
// names the field, and is one of lattice.ErrInvalid. An encoder gives out only
// what its decoder takes.
//
// # Newer writers, older readers
//
// There is no version number. A new field is left out wherever it is not used, and
// what becomes of one that a reader does not know depends on who wrote it:
//
//   - The scheduler's documents ([DecodeDesired], [DecodeAssignment],
//     [DecodeLink], [DecodeConfig]) and the signed form ([ParseSigned]) are
//     orders. The field that is skipped may be the one that narrows what a
//     component may do, so none is skipped: the document is refused as a whole,
//     its reader keeps to the last one that it understood, and says that it has
//     to be upgraded. Therefore hosts are upgraded before schedulers.
//   - A host's documents ([DecodeHostReport], [DecodeReady], [DecodePacked]), events and the
//     replies to commands are accounts. They give nobody a right: who may be
//     called follows from the scheduler's Assignment, and what a host narrows it
//     enforces itself. A field or state that is not known is skipped there, so
//     that a host which was upgraded first is still seen, and still called.
//
// A field changes its meaning by changing its name.
//
// # Signatures
//
// [Signed] is a document with the signature of whom it belongs to, [Payload] what
// is signed. The value is signed as the bytes that it consists of, so that nobody
// has to agree on how JSON is written.
package wire
