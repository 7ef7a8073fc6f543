// Package control has the commands that change what a lattice ought to run, and the
// queries that ask what it does: their types, their JSON forms, and a client that sends
// them to the scheduler.
//
// A command is a request on the subject lattice/wire.Subjects.Control of its name;
// its body is the command as JSON. The answer is {"result":…} or
// {"error":{"code":…,"message":…}} with a code of package lattice. Queries are commands
// that change nothing.
//
// Only the scheduler that leads answers. A [Client] tries again while none does, which
// takes a moment when one is elected. Most commands state what ought to be and not what
// to do about it: these are sent again when no answer comes ([Repeatable]), because they
// change nothing the second time. For the others the answer may be that it is not known
// what became of them.
//
// [Decode] takes a command from a stranger: it is bounded in size, refuses what it
// does not know, and returns only commands that are valid in themselves. Whether a
// command fits the lattice (the configuration that it names is there, the route is
// free) is for the scheduler to say.
package control
