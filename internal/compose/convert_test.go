package compose_test

import (
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/internal/compose"
)

// Services that would get one name are refused with both names, also when one is a database: each has a Service.
func TestConvertRefusesCollisions(t *testing.T) {
	project := loadText(t, `services:
  my_web: {image: "a:1"}
  my-web: {image: "a:1"}
  a.db: {image: "postgres:17"}
  a-db: {image: "a:1"}
`)
	_, err := compose.Convert(project, compose.Options{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"services my-web and my_web would both be the Microservice my-web", "services a-db and a.db", "rename one"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// Dependencies with the same alias get different ones, and still lead to their targets.
func TestConvertKeepsAliasesApart(t *testing.T) {
	result := convert(t, loadText(t, `services:
  web:
    image: a:1
    environment: {A: "http://api:80", B: "http://api:81", C: "http://api-http-81:80"}
    depends_on: [redis, redis-service]
  api: {image: "a:1", expose: ["80", "81"]}
  api-http-81: {image: "a:1", expose: ["80"]}
  redis: {image: "redis:8"}
  redis-service: {image: "a:1", expose: ["80"]}
`))
	targets := map[string]bool{}
	for _, m := range result.Microservices {
		mustBeValid(t, &m)
		for _, d := range m.Spec.Dependencies {
			switch {
			case d.Service != nil:
				targets["Service "+d.Service.Name] = true
			case d.Microservice != nil:
				targets[d.Microservice.Name+" "+d.Port] = true
			default:
				targets[d.Name+" "+d.Port] = true
			}
		}
	}
	for _, want := range []string{"api ", "api http-81", "api-http-81 ", "Service redis", "redis-service "} {
		if !targets[want] {
			t.Errorf("no dependency on %q among %v", want, targets)
		}
	}
}

// The same project gives the same bytes.
func TestConvertIsDeterministic(t *testing.T) {
	want := ""
	for range 20 {
		result := convert(t, load(t, "testdata/deduced/compose.yaml"))
		got := encode(t, result.Microservices) + encode(t, result.Findings)
		if want != "" && got != want {
			t.Fatalf("%s\nis not\n%s", got, want)
		}
		want = got
	}
}

// The namespace is that of the Microservices and of the commands.
func TestConvertIntoNamespace(t *testing.T) {
	result, err := compose.Convert(load(t, "testdata/secrets-in-environment/compose.yaml"), compose.Options{Namespace: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if ns := result.Microservices[0].Namespace; ns != "shop" {
		t.Errorf("the namespace is %q", ns)
	}
	if findings := encode(t, result.Findings); !strings.Contains(findings, "kubectl create secret generic web -n shop --from-literal=") {
		t.Error(findings)
	}
}
