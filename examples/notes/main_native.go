//go:build !wasip1

// Command notes serves the same handler natively, on loopback only.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	port := flag.String("port", "0", "the port to listen on")
	page := flag.String("page", "page.html", "the file with the template")
	flag.Parse()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", *port))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("http://%s/", listener.Addr())
	kept := &memory{values: map[string][]byte{}}
	log.Fatal(http.Serve(listener, &notes{
		open:      func() (store, error) { return kept, nil },
		setting:   func(name string) (string, error) { return os.Getenv("NOTES_" + name), nil },
		transport: http.DefaultTransport,
		denied:    func(error) bool { return false },
		page:      *page,
		scratch:   os.TempDir(),
	}))
}
