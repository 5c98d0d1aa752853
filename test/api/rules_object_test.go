package api_test

import (
	"fmt"
	"strings"
)

const (
	nameMessage    = "name must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit: it names the Service"
	selfMessage    = "a Microservice cannot depend on itself: remove the entry that leads back to it, or say with microservice, service or external what else it means"
	defaultMessage = "name must not be default: the ServiceAccount of that name is the namespace's own, choose another name"
	imageMessage   = "must be an image reference without spaces, such as ghcr.io/acme/web:1.4.2"
	bothSizes      = "replicas and autoscaling exclude each other: an autoscaler owns the number of replicas; remove spec.replicas (it may come from kubectl scale; to scale by hand under autoscaling.external, scale the Deployment)"
	accountName    = "must be the name of a ServiceAccount: lower-case letters, digits, '-' and '.'"
)

// long is longer than any field allows that has a limit.
var long = strings.Repeat("a", 10_000)

// items is a YAML list of n items; %d is the number of the item.
func items(n int, format string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strings.ReplaceAll(format, "%d", fmt.Sprint(i+1))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// entries is a YAML map of n entries.
func entries(n int) string {
	list := items(n, "key%d: value")
	return "{" + strings.Trim(list, "[]") + "}"
}

var objectRules = map[string]rule{
	"a minimal object":               {spec: "{}"},
	"a name of 63 characters":        {name: strings.Repeat("a", 63), spec: "{}"},
	"a name of one letter":           {name: "a", spec: "{}"},
	"a name with digits and hyphens": {name: "web-2", spec: "{}"},
	"a name of 64 characters": {
		name: strings.Repeat("a", 64), spec: "{}",
		field:   "metadata",
		message: nameMessage,
	},
	"a name of 253 characters": {
		name: strings.Repeat("a", 253), spec: "{}",
		field:   "metadata",
		message: nameMessage,
	},
	"a name that begins with a digit": {name: "1web", spec: "{}", field: "metadata", message: nameMessage},
	"the name default":                {name: "default", spec: "{}", field: "metadata", message: defaultMessage},
	"a name that begins with default": {name: "default-backend", spec: "{}"},
	"a name with a dot":               {name: "web.shop", spec: "{}", field: "metadata", message: nameMessage},
	"a name longer than Kubernetes has": {
		name: strings.Repeat("a", 254), spec: "{}",
		field:   "metadata.name",
		message: "must be no more than 253 characters",
	},
	"a name in upper case": {
		name: "Web", spec: "{}",
		field:   "metadata.name",
		message: "RFC 1123 subdomain",
	},
	"a name that ends with a hyphen": {
		name: "web-", spec: "{}",
		field:   "metadata.name",
		message: "RFC 1123 subdomain",
	},

	"a dependency on itself": {
		spec: "dependencies: [{name: web}]", field: "spec.dependencies", message: selfMessage},
	"a dependency on itself by another alias": {
		spec: "dependencies: [{name: me, microservice: {name: web}}]", field: "spec.dependencies", message: selfMessage},
	"a dependency on itself with an empty namespace": {
		spec:    "dependencies: [{name: me, microservice: {name: web, namespace: ''}}]",
		field:   "spec.dependencies",
		message: selfMessage,
	},
	"a dependency on its namesake of another namespace": {
		spec: "dependencies: [{name: web, microservice: {name: web, namespace: other}}]"},
	"an alias that is its own name for another Microservice": {
		spec: "dependencies: [{name: web, microservice: {name: backend}}]"},
	"an alias that is its own name for something outside": {
		spec: "dependencies: [{name: web, external: {host: example.com}}]"},
	"a Service of its own name": {
		spec: "dependencies: [{name: db, service: {name: web, namespace: other}}]"},

	"no spec":        {field: "spec", message: "Required value"},
	"no image":       {noImage: true, spec: "replicas: 1", field: "spec.image", message: "Required value"},
	"an empty image": {spec: "image: ''", field: "spec.image", message: "should be at least 1 chars long"},
	"an image of 10,000 characters": {
		spec: "image: " + long, field: "spec.image", message: "Too long: may not be more than 1000 bytes"},
	"an image of 1,000 characters":   {spec: "image: " + long[:1000]},
	"an image by digest":             {spec: "image: ghcr.io/acme/web@sha256:" + strings.Repeat("0", 64)},
	"an image of a registry by port": {spec: "image: localhost:5000/web:1"},
	"an image with a space":          {spec: "image: web 1", field: "spec.image", message: imageMessage},
	"an image that ends in a line feed": {
		spec: `image: "web:1\n"`, field: "spec.image", message: imageMessage},
}
