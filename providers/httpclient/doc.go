// Package httpclient makes HTTP requests on behalf of code that is not
// trusted to choose where they go.
//
// # Rules
//
// A Client has rules, of package httprule; a request that none of them allows is
// refused, so a client without rules reaches nothing. Clients can follow each other
// ([Options.Next]): the first of which a rule allows a request makes it, with its own
// limits and header fields.
//
// # Addresses
//
// What a name resolves to is checked when the connection is made, and the
// connection is made to the address that was checked, so that a name cannot
// lead to another place than it did when it was judged. Addresses that are not
// public are refused unless the host is named in full by a rule: wildcards
// never lead into a private network. Link-local addresses, where clouds keep
// their metadata services, are refused unless a rule names that very address.
// Unspecified, multicast and broadcast addresses are always refused.
//
// # Loops
//
// Requests to an address this process listens on (Options.Self) are refused.
// Loops that lead through other servers are caught by counting: each request
// says in the Wattle-Hops header how many such requests led to it, and one that
// would exceed Options.MaxHops is refused.
//
// # What it does not do
//
// Redirects are returned, not followed: the place they name has to pass the
// rules like any other. No proxy is taken from the environment, no cookies are
// kept, nothing is decompressed, and no header is added but Host, the framing
// of the body, the hop count, and Options.Fields. Those may be secrets: their values
// are in no error, and a TRACE that would have the server send them back is refused.
// Nothing can be done about a server that repeats them in its answers: give secrets only
// to those that can be trusted with them.
package httpclient
