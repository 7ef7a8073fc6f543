// Package messaging lets components send each other messages: the contract of what
// carries them, a [Broker], and what a component may do with one, a [Grant].
//
// # Subjects
//
// Subjects are those of package lattice/capability/subject, in a space that belongs to
// the components of one lattice. What a component may send, and where answers to it may
// be sent, is in patterns of its links; nothing is allowed without one. What it is given
// is in the subscriptions of links to it: it cannot subscribe by itself.
//
// # Answers
//
// A request has an inbox, on which only who asked can listen. A component that is given
// a message with one is told another name for it, which nobody can guess, which means
// nothing but in the call that was given it, and by which it may answer, or pass the
// inbox on with a message that it sends, whatever it may send otherwise: who asked has
// asked for that. It learns no inbox, and can send to none but by such a name.
//
// # Delivery
//
// Messages are carried at most once. Of those who share a queue one is given each. Who
// has no room drops it.
//
// # Chains
//
// A message is sent on behalf of the invocation that is carried out, and whatever it is
// given to is called on behalf of that ([lattice.Invocation]): what components send
// round and round has an end.
package messaging
