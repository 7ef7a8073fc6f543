// Package machine finds out on what a host runs, and how busy that is. Everything
// is read from the machine; nothing of it is configured.
//
// # Isolation
//
// What stands between this process and others decides on [Isolation]. It is
// inferred from files that the kernel writes, and from those that container
// engines leave; the evidence is kept with the answer. The innermost boundary that
// has a kernel of its own for this process and few others comes first:
//
//   - gvisor: /proc/version is that of the application kernel of gVisor.
//   - kata: the guest kernel was started for the agent of Kata Containers, or the
//     root comes from the share that Kata calls kataShared.
//   - container: the root or the control groups are those of a container engine,
//     whether or not the machine below is virtual.
//   - vm: the firmware's tables, the kernel or the processor say that there is a
//     hypervisor.
//   - process: nothing of these.
//
// A file such as /.dockerenv is no evidence if the root is a disk of its own: then
// an image of a container was put on the disk of a virtual machine.
//
// # Limits
//
// Processors are those that the process may run on, bounded by the quotas of its
// control groups; memory is that of the machine, bounded by their limits. Both
// versions of control groups are known.
//
// # Other systems
//
// Everywhere but on Linux only the architecture, the system, the number of
// processors and the memory that the process has are known; Isolation is Process.
package machine
