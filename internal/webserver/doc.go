// Package webserver has what all HTTP servers of Wattle do in the same way: how
// long connections may idle, how they stop, and whom a server on a loopback
// address answers.
package webserver
