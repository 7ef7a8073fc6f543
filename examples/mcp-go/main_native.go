//go:build !wasip1

// Command mcp-go serves the same handler natively, to develop and to compare.
// It listens on loopback only.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"

	"github.com/wattle-dev/wattle/examples/mcp-go/server"
)

func main() {
	port := flag.String("port", "0", "the port to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", *port))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("http://%s%s", listener.Addr(), server.Path)
	log.Fatal(http.Serve(listener, server.New(server.Options{
		Transport:    http.DefaultTransport,
		AllowedHosts: []string{"127.0.0.1", "localhost"},
	})))
}
