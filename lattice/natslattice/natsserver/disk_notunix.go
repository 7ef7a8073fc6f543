//go:build !unix

package natsserver

// full and readOnly are not told apart from other errors here.
func full(error) bool { return false }

func readOnly(error) bool { return false }
