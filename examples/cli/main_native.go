//go:build !wasip1

// Command textool is the same program built for the machine it runs on.
package main

import "os"

func main() { os.Exit(textool(os.Args, os.Getenv, os.Stdin, os.Stdout, os.Stderr)) }
