//go:build unix && !linux

package component

const noReserve = 0
