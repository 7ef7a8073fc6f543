// Package decide says what a command comes to, and answers questions about what there
// is. It is pure: it looks at a state, at what hosts show of themselves and at the time
// that it is given, and returns changes, or why there are none to be had.
//
// # Commands
//
// [Command] returns a [Decision]: the changes of the state that carry out a command, the
// events that tell of it, and its answer. It does not place anything. Whoever asked has
// package reconcile look at the components that the decision touches, on the state as it
// would be with the changes; and [Decision.Settle] then completes the answer with where
// they run, or refuses the command after all. What was decided and where it runs go into
// the log as one.
//
// Commands on single components are refused if not enough hosts fit. Applications are
// accepted and wait: what they lack is in their status.
//
// # Who owns what
//
// Components, capabilities, links and configurations are part of one application, or of
// none. Nothing passes from one owner to another, and what belongs to an application is
// changed by its manifest alone; every refusal says by what command instead.
//
// # Applications
//
// A version is a manifest under a name that never stands for another one. To deploy it
// is to turn it into records: a component gets a new revision only if something of it
// differs, so that what stays the same is not touched. What the version before had and
// this one has not is removed. Of a manifest's links, those that have a component as
// source are part of its revision and change over with it; those of a capability that
// serves HTTP become routes of the component. What a component imports and is neither given
// to all nor linked is why a manifest is refused; so is what hosts would not grant.
//
// An application keeps a bounded number of versions: the oldest go, but never the one
// that is deployed nor the last that was ready.
package decide
