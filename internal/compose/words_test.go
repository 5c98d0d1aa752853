package compose

import (
	"fmt"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

func TestIsSecret(t *testing.T) {
	for variable, want := range map[[2]string]bool{
		{"DB_PASSWORD", "a"}:                        true,
		{"passphrase", "a"}:                         true,
		{"SMTP_USER_PWD", "a"}:                      true,
		{"A", "redis://:pw@cache"}:                  true,
		{"A", "root:pw@tcp(db:3306)/x"}:             true,
		{"A", "Server=db;Password=pw"}:              true,
		{"API_KEY_PATH", "not-a-path"}:              true,
		{"API_KEY_PATH", "/keys/a"}:                 false,
		{"DATABASE_PASSWORD", "/run/secrets/db"}:    false,
		{"ALLOW_EMPTY_PASSWORD", "Yes"}:             false,
		{"DB_PASSWORD", ""}:                         false,
		{"A", "redis://:@cache"}:                    false,
		{"A", "https://user@example.com/a:b@c"}:     false,
		{"A", "http://localhost:8080/callback?a=b"}: false,
		{"A", "--password=$PASSWORD"}:               false,
		{"EMAIL", "a@example.com"}:                  false,
	} {
		if got := isSecret(variable[0], variable[1]); got != want {
			t.Errorf("%s=%s: %v", variable[0], variable[1], got)
		}
	}
}

func TestObjectName(t *testing.T) {
	long := "a123456789b123456789c123456789d123456789e123456789f123456789-g123456789"
	for service, want := range map[string]string{
		"web": "web", "My_App.v2": "my-app-v2", "_x_": "x", "1st": "svc-1st", "default": "svc-default", "___": "svc",
		long: "a123456789b123456789c123456789d123456789e123456789f123456789-g1",
	} {
		if got := objectName(service); got != want {
			t.Errorf("%s: %s, want %s", service, got, want)
		}
	}
}

// A check that does more than to ask its own container once is run as it is.
func TestHTTPCheck(t *testing.T) {
	for command, want := range map[string]string{
		"curl -f http://localhost/":                             "http 80 /",
		"curl --fail --silent localhost:8080/a || exit 1":       "http 8080 /a",
		"/usr/bin/wget --spider -q -T5 http://127.0.0.1:3000":   "http 3000 /",
		"wget --no-verbose --tries=1 -O - http://[::1]:1/x":     "http 1 /x",
		"curl -fk https://0.0.0.0":                              "https 443 /",
		"curl -fso /dev/null http://localhost":                  "",
		"curl -f http://localhost && test -f /ready":            "",
		"curl -f http://localhost:$PORT":                        "",
		"curl -f http://user:pw@localhost":                      "",
		"curl -f -H 'Authorization: Bearer a' http://localhost": "",
		"curl -f http://localhost http://localhost:81":          "",
		"curl -f --unix-socket /a http://localhost":             "",
		"curl -f ftp://localhost":                               "",
		"curl -f http://localhost:0":                            "",
		"curl -f http://other:80":                               "",
		"curl":                                                  "",
		"curl -f 'http://localhost":                             "",
		"nc -z localhost 80":                                    "",
	} {
		t.Run(command, func(t *testing.T) {
			got := ""
			if get := httpCheck(&types.HealthCheckConfig{Test: types.HealthCheckTest{"CMD-SHELL", command}}); get != nil {
				got = fmt.Sprintf("%s %d %s", get.scheme, get.port, get.path)
			}
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
