// Package trust has who may do what on a lattice: the keys, the credentials that
// are made with them, what each role is permitted, and the signatures by which
// documents prove whose they are.
//
// # Keys
//
// A [Keyring] is a directory with an operator, an account for each lattice, and
// what signs users. A lattice is an account: NATS keeps accounts apart, so that
// nobody in one sees a message or a bucket of another.
//
// Schedulers' users are signed with the key of the account itself, those of each
// other role with a signing key of the account that is good for the role alone.
// Who gets hold of one can let in more of the role, and no scheduler.
//
// # Users
//
// A user is a key and a JWT that names its role and its lattice and has its
// permissions; both are in a credentials file ([Creds]). The user of a host is
// the host: its public key is the host's ID, in another form of writing.
//
// # Permissions
//
// [Permissions] is the table of what a role may publish and subscribe to. There
// are only allowances in it, and they name single hosts, buckets and keys. They
// are part of the account's JWT, not of the users', schedulers apart: a new
// version of Wattle may need others, and the credentials stay as they are.
//
// No role has the permission to answer ("allow_responses"), although hosts do
// answer requests: with it, whoever can send a message to itself chooses the
// subject of the answer, and so may publish to any subject. Hosts may publish to
// inboxes instead, where only they listen who made them.
//
// # The tools of wasmCloud
//
// They listen for answers where all clients of NATS do unless told otherwise, on
// "_INBOX.>". In the account of a lattice nobody may: users hear the inboxes that
// have their name in them. So beside each lattice is an account for such tools,
// which imports wasmCloud's control interface, wadm's API and the events of both from
// the lattice, with activations that the lattice's key has signed, and has nothing
// else: no bucket, no JetStream, no inbox of others. Servers put a subject of their own, "_R_.…", in
// place of the inbox that a request names, and let only answers back. Among each
// other the users of this account are not kept apart.
//
// # Secrets
//
// What schedulers open secrets with is derived from the key of the lattice's account, and
// is in their credentials beside what NATS knows ([Creds.SecretsKey]): so every scheduler
// of a lattice opens what was sealed for another, and nobody else does. Credentials of
// hosts have nothing of the kind; what a host opens with follows from its own key
// ([Key.SealKey]).
//
// From it follows a secret that hosts and gateways share, so that each serves the sessions
// of MCP that another one has begun. It is in the credentials of gateways
// ([Creds.GatewayKey]); hosts ask a scheduler for it. It opens nothing else.
//
// # What permissions cannot do
//
// JetStream sends answers to any subject that a request names, and messages to
// any that a consumer names, without asking whether the user could publish there.
// Who may read a key of its own can thereby have bytes of its choice put to any
// subject of its account. Hence permissions decide who hears what and keep honest
// users honest, and signatures decide what is believed:
//
//   - A document counts only with the signature of whom it belongs to, for its
//     bucket and key ([Signer], [Verifier]).
//   - A command, a request to a microservice and a frame of a call count only if
//     they were published: what JetStream sends has fields of its own, or a reply
//     subject that begins with "$JS." (wire.FromJetStream).
//
// Schedulers know each other by the same keys: a scheduler's certificate has its key
// and its JWT ([Creds.Certificate]), and is believed as its documents are
// ([PeerVerifier]). There is no other authority. What a NATS server has a user sign
// when it connects cannot be taken for a document, nor for a handshake of TLS.
//
// Old documents are signed as well: who reads them has to look at the stamp.
//
// # Limits
//
// Events, logs and the answers of microservices are not signed: a host that has
// been taken over can send some in the name of another, and can fill buckets
// with what nobody believes. Every host can read every component's binary.
package trust
