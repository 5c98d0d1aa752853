// Command registry answers for an image registry that has no image, so that a pull fails in the words of a real one.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:5000", "Where it listens.")
	flag.Parse()
	server := &http.Server{Addr: *address, Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0))), ReadHeaderTimeout: time.Minute}
	fmt.Fprintln(os.Stderr, "error:", server.ListenAndServe())
	os.Exit(1)
}
