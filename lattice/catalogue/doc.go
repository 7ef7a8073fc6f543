// Package catalogue has what MCP servers offer, as their hosts have found it out: a
// [Listing] for each component and host, in a bucket of the lattice. It is pure.
//
// A gateway answers lists from the catalogue, and never by asking servers. A host asks
// the component that it runs, has [Clean] look at what came, and writes down the result.
//
// # What is believed of a server
//
// Nothing that a definition says is believed; it is what models and people read to
// choose a tool, and so what somebody writes who wants them to choose wrongly. A
// definition is left out, and the listing says why, if
//
//   - it is no JSON object, nested too deep or too large, or has a member twice, which
//     two readers would read in two ways;
//   - its name is not one that the revisions of MCP since 2025-11-25 allow, or another of
//     the same server has that name;
//   - any text in it has characters that cannot be seen (see [Visible]): controls,
//     directions of writing, tags, variation selectors in rows. People would approve one
//     text, and models read another;
//   - its inputSchema is none for an object, or a schema refers to another document,
//     which somebody would fetch.
//
// All else stays as it was, with members that nobody here knows.
//
// # Form
//
// Definitions are compact and in the order of their names or URIs, so that equal listings
// are equal bytes, and who asks the same twice gets the same. The listing is compressed,
// and signed by the host. [Decode] checks all of it again: who has the key of a host can
// write what [Clean] would not let pass.
//
// # What is offered
//
// [Offer] applies what the component's declaration says: which tools are allowed, and
// what is said of them instead of what their server says.
package catalogue
