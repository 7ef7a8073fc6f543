// Package archtest holds the rules of the repository as tests: which package
// may import which, who owns which library, how long a file may be, what lies
// at the top. It has no code of its own and reads the files itself, so that the
// test cache notices every change.
package archtest
