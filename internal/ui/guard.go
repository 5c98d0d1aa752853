package ui

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// newToken returns a secret that no other user of the machine can guess: all of them reach the loopback interface.
func newToken() string { return rand.Text() }

// policy lets the page load its own files alone, and nobody show it in a frame (https://www.w3.org/TR/CSP3/).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// guard answers only what the page itself asks. A web site can make a browser ask this server in its name: by a name that leads to the
// loopback interface (DNS rebinding), which Host tells, or from its own pages, which Origin and Sec-Fetch-Site tell.
func guard(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		site := r.Header.Get("Sec-Fetch-Site")
		navigates := r.Header.Get("Sec-Fetch-Mode") == "navigate"
		switch {
		case !isLoopback(r.Host):
			http.Error(w, "the address must be localhost, 127.0.0.1 or [::1]", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet:
			h.Set("Allow", http.MethodGet)
			http.Error(w, "this page only reads", http.StatusMethodNotAllowed)
		case !isOwn(r.Header.Get("Origin"), r.Host), slices.Contains([]string{"cross-site", "same-site"}, site) && !navigates:
			http.Error(w, "another site asks", http.StatusForbidden)
		case strings.HasPrefix(r.URL.Path, "/api/") && !knows(r, token):
			http.Error(w, "open the address that the command printed: it has the token", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1", "[::1]"}, host)
}

// isOwn reports whether a request comes from a page of this server, or from no page.
func isOwn(origin, host string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "http" && u.Host == host
}

func knows(r *http.Request, token string) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) == 1
}
