// Package natsserver runs a NATS server with JetStream in this process, so that a
// lattice needs no other program. It is an ordinary server: the stock tools
// connect to it, and it can join a cluster.
//
// # What listens
//
// One TCP port for clients, on 127.0.0.1 unless told otherwise, or none: then only
// [Server.InProcessConn] reaches it. A cluster has a port of its own. There is no
// monitoring port. Nobody gets in without credentials: a server is given either
// the operator and accounts of package trust, or a token.
//
// # What is kept
//
// A message that was acknowledged was handed to the operating system: it survives
// the end of this process by kill -9. It is written through to the disk every
// [DefaultSyncInterval], so that a power cut or a crash of the operating system
// loses at most that much. [Options.SyncAlways] writes through before each
// acknowledgement instead. Where that was measured, on the virtual disk of a cloud
// machine that acknowledges at once, a put into a bucket then took 105 µs in the
// median and not 19 µs; on a disk that waits for the medium it takes as long as
// that does, milliseconds as a rule, and all writers of a stream stand in line.
// Each host writes a heartbeat every two seconds, so that the price would be paid
// all the time for what is worth least. State that must not lose two seconds to a
// power cut belongs on three servers.
//
// A store directory belongs to one server at a time: a lock, which ends with the
// process that holds it, keeps a second one out.
//
// When the disk is full or becomes read-only, JetStream writes no more until it is
// started again, and does not answer who writes; nothing that was acknowledged is
// damaged, and reading and messages go on. [Server.Healthy] says what to do.
//
// # Liveness
//
// A client that does not answer for some 20 to 30 seconds is taken to be gone.
package natsserver
