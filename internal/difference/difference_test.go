package difference_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/internal/difference"
)

func TestDifferences(t *testing.T) {
	for name, tc := range map[string]struct {
		want, got string
		// all and within are PATH: WANT, GOT, one a line.
		all, within string
	}{
		"the same": {want: `{"a":{"b":[1]}}`, got: `{"a":{"b":[1]}}`},
		"another value": {
			want: `{"spec":{"replicas":2}}`, got: `{"spec":{"replicas":3}}`,
			all: ".spec.replicas: 2, 3", within: ".spec.replicas: 2, 3",
		},
		"a default of the server": {
			want: `{"spec":{"a":1}}`, got: `{"spec":{"a":1,"type":"ClusterIP"}}`,
			all: `.spec.type: not set, "ClusterIP"`,
		},
		"a field that is gone": {
			want: `{"metadata":{"labels":{"a":"1"}}}`, got: `{"metadata":{}}`,
			all: `.metadata.labels: {"a":"1"}, not set`, within: `.metadata.labels: {"a":"1"}, not set`,
		},
		"nothing is wanted": {want: `{"a":null}`, got: `{"a":1}`, all: ".a: not set, 1"},
		"named items in another order": {
			want: `{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}`, got: `{"env":[{"name":"B","value":"2"},{"name":"A","value":"1"}]}`,
		},
		"a container of others": {
			want: `{"containers":[{"name":"app","image":"a:1"}]}`, got: `{"containers":[{"name":"mesh"},{"name":"app","image":"a:2","tty":false}]}`,
			all:    ".containers.app.image: \"a:1\", \"a:2\"\n.containers.app.tty: not set, false\n.containers.mesh: not set, {\"name\":\"mesh\"}",
			within: `.containers.app.image: "a:1", "a:2"`,
		},
		"two items of one name": {
			want: `{"m":[{"name":"tmp","path":"/a"},{"name":"tmp","path":"/b"}]}`, got: `{"m":[{"name":"tmp","path":"/x"},{"name":"tmp","path":"/b"}]}`,
			all:    `.m: [{"name":"tmp","path":"/a"},{"name":"tmp","path":"/b"}], [{"name":"tmp","path":"/x"},{"name":"tmp","path":"/b"}]`,
			within: `.m[0].path: "/a", "/x"`,
		},
		"a default within a list without names": {
			want: `{"ports":[{"port":80}]}`, got: `{"ports":[{"port":80,"protocol":"TCP"}]}`,
			all: `.ports: [{"port":80}], [{"port":80,"protocol":"TCP"}]`,
		},
		"another length": {
			want: `{"ports":[{"port":80}]}`, got: `{"ports":[{"port":80},{"port":81}]}`,
			all:    `.ports: [{"port":80}], [{"port":80},{"port":81}]`,
			within: `.ports: [{"port":80}], [{"port":80},{"port":81}]`,
		},
		"a selector with one label more": {
			want: `{"podSelector":{"matchLabels":{"a":"1"}}}`, got: `{"podSelector":{"matchLabels":{"a":"1","b":"2"}}}`,
			all: `.podSelector.matchLabels.b: not set, "2"`, within: `.podSelector.matchLabels.b: not set, "2"`,
		},
		"a selector of all pods": {
			want: `{"podSelector":{}}`, got: `{"podSelector":{"matchLabels":{"a":"1"}}}`,
			all: `.podSelector.matchLabels: not set, {"a":"1"}`, within: `.podSelector.matchLabels: not set, {"a":"1"}`,
		},
		"another type": {want: `{"a":[1]}`, got: `{"a":{"b":1}}`, all: `.a: [1], {"b":1}`, within: `.a: [1], {"b":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lines(difference.All(decoded(t, tc.want), decoded(t, tc.got))); got != tc.all {
				t.Errorf("All:\n%s\nwant\n%s", got, tc.all)
			}
			if got := lines(difference.Within(decoded(t, tc.want), decoded(t, tc.got))); got != tc.within {
				t.Errorf("Within:\n%s\nwant\n%s", got, tc.within)
			}
		})
	}
}

func decoded(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func lines(all []difference.Difference) string {
	var text []string
	for _, d := range all {
		text = append(text, d.Path+": "+difference.Words(d.Want)+", "+difference.Words(d.Got))
	}
	return strings.Join(text, "\n")
}
