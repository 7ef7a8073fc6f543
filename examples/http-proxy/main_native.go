//go:build !wasip1

// Command http-proxy serves the same handler natively, on loopback only.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
)

func main() {
	port := flag.String("port", "0", "the port to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", *port))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("http://%s/", listener.Addr())
	classify := func(error) failure { return failed }
	log.Fatal(http.Serve(listener, &proxy{transport: http.DefaultTransport, classify: classify}))
}
