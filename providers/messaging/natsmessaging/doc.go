// Package natsmessaging carries messages of components by the lattice's own NATS: core
// NATS, nothing is kept.
//
// The subject that components call orders.created is wattle.LATTICE.msg.orders.created
// ([wire.Subjects.Message]): one subject for each, of which no other part of Wattle or
// NATS has any. So whatever a component sends reaches components of its lattice and who
// has the permission to listen there, and nothing else; the permissions of hosts say the
// same ([trust.Permissions]).
//
// Of what arrives, a reply that is neither such a subject of this lattice nor an inbox is
// dropped: a component would answer there, with the permissions of its host.
//
// # Header
//
// Metadata are fields of the message's header, as they are; Content-Type is the content
// type. The trace is there as W3C Trace Context has it, and in Wattle-Callers and
// Wattle-Depth on whose behalf the message was sent. Who may publish there may forge
// that, as hosts and operators may elsewhere: it says who is to be blamed, and grants
// nothing. A message without it, or with one that cannot be read, is taken for one of an
// operator.
//
// [wire.Subjects.Message]: github.com/wattle-dev/wattle/lattice/wire.Subjects.Message
// [trust.Permissions]: github.com/wattle-dev/wattle/lattice/trust.Permissions
package natsmessaging
