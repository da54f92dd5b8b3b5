// Command registry is a private registry of images: it requires a password.
package main

import (
	"crypto/subtle"
	"flag"
	"log"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	user := flag.String("user", "", "user who may push and pull")
	password := flag.String("password", "", "password of the user")
	address := flag.String("address", ":5000", "address to listen on, without TLS")
	flag.Parse()
	log.Fatal(http.ListenAndServe(*address, private(*user, *password, registry.New())))
}

// private passes requests with the user's password to the handler, and asks the others for it.
func private(user, password string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, word, _ := r.BasicAuth()
		if name != user || subtle.ConstantTimeCompare([]byte(word), []byte(password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
