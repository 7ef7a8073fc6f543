package component

import "golang.org/x/sys/unix"

// noReserve keeps the reserved address space out of the overcommit account.
const noReserve = unix.MAP_NORESERVE
