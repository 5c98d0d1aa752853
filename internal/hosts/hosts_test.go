package hosts

import (
	"fmt"
	"testing"
)

// A name is a host in a URL, before a port and in a connection string, and nowhere else.
func TestFind(t *testing.T) {
	names := map[string]string{"db": "db", "my_db": "my_db", "db.internal": "db", "postgres": "postgres"}
	for text, want := range map[string]string{
		"http://db":                              "[db:0 http]",
		"http://DB:80/path":                      "[db:80 http]",
		"postgres://db/x":                        "[db:0 postgres]",
		"postgres://postgres:postgres@db:5432/x": "[db:5432 postgres]",
		"postgres://postgres:1234@my_db/x":       "[my_db:0 postgres]",
		"postgres://db:pass@example.com/x":       "[]",
		"mongodb://a:b@db:1,my_db:2/x":           "[db:1 mongodb my_db:2 mongodb]",
		"jdbc:postgresql://db.internal:5432/x":   "[db:5432 postgresql]",
		"root:pw@tcp(db:3306)/x":                 "[db:3306 ]",
		"host=db port=5432 user=postgres":        "[db:0 ]",
		"Server=db;Database=postgres;":           "[db:0 ]",
		"amqp://guest@db":                        "[db:0 amqp]",
		"--redis=db:6379":                        "[db:6379 ]",
		"db:99999":                               "[]",
		"db":                                     "[]",
		"ghcr.io/acme/db:16":                     "[]",
		"https://example.com/db":                 "[]",
		"https://db.example.com":                 "[]",
		"the-db:80":                              "[]",
		"db:80abc":                               "[]",
		"mydb:80 and db-2:80":                    "[]",
	} {
		t.Run(text, func(t *testing.T) {
			if got := summary(Find(text, names, false)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
	for text, want := range map[string]string{"db": "[db:0 ]", "db,my_db": "[db:0  my_db:0 ]", "db x": "[db:0 ]", "a/db": "[]", "adb": "[]"} {
		t.Run("bare "+text, func(t *testing.T) {
			if got := summary(Find(text, names, true)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func summary(hosts []Host) string {
	out := []string{}
	for _, h := range hosts {
		out = append(out, fmt.Sprintf("%s:%d %s", h.Service, h.Port, h.Scheme))
	}
	return fmt.Sprint(out)
}
