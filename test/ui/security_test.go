package ui_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// secret is what nobody may read in the page.
const secret = "s3cr3t"

// ask sends a request to a page's server, and returns the answer with its body, or of a stream its first line with data.
func ask(t *testing.T, address, method, path string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+u.Host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(u.Fragment, "token="))
	change(r)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		line, err := bufio.NewReader(answer.Body).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return answer, line
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// TestOthersAreRefused asks what a page of somebody else, another user of the machine, and another machine ask.
func TestOthersAreRefused(t *testing.T) {
	dir := filepath.Join(cluster.Root(), "config", "samples", "online-boutique")
	address := serve(t, "-n", shop, "-f", dir, "--base", dir)
	const (
		stream  = "/api/stream"
		details = "/api/details?id=" + shop + "/frontend"
		reach   = "/api/reach?to=" + shop + "/frontend"
	)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	own := func(*http.Request) {}
	type question struct {
		name, method, path string
		change             func(*http.Request)
		want               int
	}
	all := []question{
		{"the page", http.MethodGet, "/", own, http.StatusOK},
		{"a file", http.MethodGet, "/app.js", own, http.StatusOK},
		{"the details", http.MethodGet, details, own, http.StatusOK},
		{"the stream", http.MethodGet, stream, own, http.StatusOK},
		{"localhost", http.MethodGet, details, host("localhost:1"), http.StatusOK},
		{"the page itself", http.MethodGet, details, set("Sec-Fetch-Site", "same-origin"), http.StatusOK},
		{"a link from elsewhere", http.MethodGet, "/", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		}, http.StatusOK},
	}
	for _, path := range []string{"/", "/app.js", stream, details, reach} {
		all = append(all,
			question{"a name that leads here", http.MethodGet, path, host("evil.test"), http.StatusMisdirectedRequest},
			question{"a name that leads here, with a port", http.MethodGet, path, host("evil.test:8001"), http.StatusMisdirectedRequest},
			question{"a name like ours", http.MethodGet, path, host("localhost.evil.test"), http.StatusMisdirectedRequest},
			question{"another site", http.MethodGet, path, set("Origin", "https://evil.test"), http.StatusForbidden},
			question{"another port", http.MethodGet, path, set("Origin", "http://127.0.0.1:1"), http.StatusForbidden},
			question{"a page without an address", http.MethodGet, path, set("Origin", "null"), http.StatusForbidden},
			question{"another site's script", http.MethodGet, path, set("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
			question{"a neighbour's script", http.MethodGet, path, set("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
			question{"POST", http.MethodPost, path, own, http.StatusMethodNotAllowed},
			question{"DELETE", http.MethodDelete, path, own, http.StatusMethodNotAllowed},
			question{"OPTIONS", http.MethodOptions, path, own, http.StatusMethodNotAllowed},
		)
	}
	for _, path := range []string{stream, details, reach, "/api/anything"} {
		all = append(all,
			question{"no token", http.MethodGet, path, func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusUnauthorized},
			question{"a wrong token", http.MethodGet, path, set("Authorization", "Bearer guessed"), http.StatusUnauthorized},
			question{"a token in the address", http.MethodGet, path, func(r *http.Request) {
				token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
				r.Header.Del("Authorization")
				r.URL.RawQuery += "&token=" + token
			}, http.StatusUnauthorized},
		)
	}
	for _, q := range all {
		answer, body := ask(t, address, q.method, q.path, q.change)
		if answer.StatusCode != q.want {
			t.Errorf("%s: %s %s is answered %s, want %d", q.name, q.method, q.path, answer.Status, q.want)
		}
		if refused := q.want >= 400; refused && (strings.Contains(body, "frontend") || answer.Header.Get("Access-Control-Allow-Origin") != "") {
			t.Errorf("%s: %s %s is refused, and told %q %v", q.name, q.method, q.path, body, answer.Header)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
				"frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s: %s %s: %s is %q, want %q", q.name, q.method, q.path, name, got, want)
			}
		}
	}
}

// TestListensOnLoopbackAlone: a server on all addresses would answer on another one of the loopback interface, too.
func TestListensOnLoopbackAlone(t *testing.T) {
	dir := filepath.Join(cluster.Root(), "config", "samples", "online-boutique")
	u, err := url.Parse(serve(t, "-f", dir, "--base", dir))
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"127.0.0.2", "::1"}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			others = append(others, ip.IP.String())
		}
	}
	dial := func(host string) error {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort(host, u.Port()))
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	if err := dial(u.Hostname()); err != nil {
		t.Fatal(err)
	}
	for _, host := range others {
		if dial(host) == nil {
			t.Errorf("it answers on %s", host)
		}
	}
}

// testSecrets: no answer and no file has the value of a variable, or data of a Secret.
func (l *live) testSecrets(t *testing.T) {
	l.create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "database"}, StringData: map[string]string{"password": secret},
	})
	address := l.serve(t, "-n", shop)
	own := func(*http.Request) {}
	// A change of a variable is told, and its values are not.
	ms := &v1alpha1.Microservice{}
	if err := l.kube.Get(t.Context(), client.ObjectKey{Namespace: shop, Name: secretive}, ms); err != nil {
		t.Fatal(err)
	}
	ms.Spec.Env[len(ms.Spec.Env)-1].Value = secret + "-new"
	ms.Spec.Env = append(ms.Spec.Env, corev1.EnvVar{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "database"}, Key: "password"},
	}})
	if err := l.kube.Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	cluster.Await(t, func() error {
		_, said["stream"] = ask(t, address, http.MethodGet, "/api/stream", own)
		if !strings.Contains(said["stream"], "new spec: env") {
			return fmt.Errorf("the stream does not tell of the new spec: %s", said["stream"])
		}
		return nil
	})
	for _, name := range []string{secretive, broken, "frontend"} {
		_, said["details of "+name] = ask(t, address, http.MethodGet, "/api/details?id="+shop+"/"+name, own)
		_, said["reach of "+name] = ask(t, address, http.MethodGet, "/api/reach?to="+shop+"/"+name, own)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if code, words := run(t, "--kubeconfig="+l.kubeconfig, "-n", shop, "--snapshot="+file); code != 0 {
		t.Fatal(words)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	said["snapshot"] = string(raw)
	for what, text := range said {
		if strings.Contains(text, secret) {
			t.Errorf("the %s has the value of a variable, or data of a Secret", what)
		}
	}
	for what, want := range map[string]string{"details of " + secretive: "Deployment", "reach of " + secretive: "checkoutservice", "snapshot": secretive} {
		if !strings.Contains(said[what], want) {
			t.Errorf("the %s says nothing of %s: %s", what, want, said[what])
		}
	}
}
