// Package httpclient makes HTTP requests on behalf of code that is not
// trusted to choose where they go.
//
// # Rules
//
// A Client has rules; a request that no Rule matches is refused, so a client
// without rules reaches nothing. A rule names methods, a scheme, a host, a port
// and a path prefix:
//
//	https://api.example.com/v1/          any method, paths below /v1/
//	GET,POST https://*.example.com       any host below example.com
//	http://127.0.0.1:8080                one address
//	http://127.0.0.1:*                   every port of it
//	*                                    every public http and https server
//
// A path prefix ends at a segment: "/v1" matches "/v1" and "/v1/x", not
// "/v12". Rules with a path refuse requests whose path a server could resolve
// to somewhere else ("/v1/../admin", however it is encoded).
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
// of the body, and the hop count.
package httpclient
