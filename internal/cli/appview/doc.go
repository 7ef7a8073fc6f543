// Package appview writes for people what the scheduler says of applications.
//
// There are four views: a table of all ([List]), how one is doing ([Status]), why it
// runs where it runs ([Explain]), and what became of its versions ([History]).
// [Progress] is the first lines of a deployment that is under way. Each ends with what
// can be done, if something can: [Next].
//
// The package is given what the scheduler answered and writes text; it asks nobody.
// What it is given was written by others, manifests and guests included: control
// characters are replaced and long texts are cut where they stand in a table.
package appview
