package api_test

import (
	"fmt"
	"strings"
)

const (
	credentialsTarget = "credentials are for a service or external: a Microservice is called without a password; remove credentials, or say with service or external what it is"
	credentialsUnused = "nothing would use the Secret: set env, such as {PASSWORD: password}, or mount: true"
	credentialsType   = "type is a file beside those of the mounted Secret: set mount: true, or remove type"
	credentialsName   = "must be at most 55 characters with credentials.mount: it is a part of the name of the pod's volume"
	credentialsSuffix = "a suffix must be capital letters, digits and '_', and begin with a letter, such as PASSWORD"
	secretName        = "must be the name of a Secret: lower-case letters, digits, '-' and '.'"
	secretKey         = "must be a key of a Secret: letters, digits, '-', '_' and '.'"
	bindingType       = "must be a word such as postgresql: letters, digits, '-', '_' and '.'"
)

// credentials is a spec with one dependency called db, a Service, and credentials.
func credentials(rest string) string {
	return dependency("service: {name: postgres}, credentials: {" + rest + "}")
}

// variables are as many suffixes with their keys.
func variables(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("V%d: v", i))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

var credentialRules = map[string]rule{
	"credentials of a service":       {spec: credentials("secret: db, env: {PASSWORD: password, USER_2: user.name}")},
	"credentials of external":        {spec: dependency("external: {host: db.example.com}, credentials: {secret: db.prod-1, mount: true}")},
	"credentials with everything":    {spec: credentials("secret: db, env: {PASSWORD: password, URL: uri}, mount: true, type: postgresql")},
	"credentials that say mount no":  {spec: credentials("secret: db, env: {PASSWORD: password}, mount: false")},
	"credentials of a secret of 253": {spec: credentials("secret: " + long[:253] + ", mount: true")},
	"16 variables of a Secret": {
		spec: credentials("secret: db, env: " + variables(16)),
	},
	"credentials of the longest alias without files": {
		spec: "dependencies: [{name: " + long[:63] + ", service: {name: db}, credentials: {secret: db, env: {A: a}}}]",
	},
	"mounted credentials of the longest alias": {
		spec: "dependencies: [{name: " + long[:55] + ", service: {name: db}, credentials: {secret: db, mount: true}}]",
	},

	"credentials of a name alone": {
		spec:    dependency("credentials: {secret: db, mount: true}"),
		field:   "spec.dependencies[0]",
		message: credentialsTarget,
	},
	"credentials of a microservice": {
		spec:    dependency("microservice: {name: db}, credentials: {secret: db, mount: true}"),
		field:   "spec.dependencies[0]",
		message: credentialsTarget,
	},
	"credentials without a Secret": {
		spec:    credentials("mount: true"),
		field:   "spec.dependencies[0].credentials.secret",
		message: "Required value",
	},
	"credentials of an empty Secret": {
		spec:    credentials("secret: '', mount: true"),
		field:   "spec.dependencies[0].credentials.secret",
		message: "should be at least 1 chars long",
	},
	"credentials of a Secret of another namespace": {
		spec:    credentials("secret: data/db, mount: true"),
		field:   "spec.dependencies[0].credentials.secret",
		message: secretName,
	},
	"credentials of a Secret of 10,000 letters": {
		spec:    credentials("secret: " + long + ", mount: true"),
		field:   "spec.dependencies[0].credentials.secret",
		message: "Too long: may not be more than 253 bytes",
	},
	"credentials that nothing uses": {
		spec:    credentials("secret: db"),
		field:   "spec.dependencies[0].credentials",
		message: credentialsUnused,
	},
	"credentials that nothing uses, with mount no": {
		spec:    credentials("secret: db, mount: false"),
		field:   "spec.dependencies[0].credentials",
		message: credentialsUnused,
	},
	"credentials with no variable": {
		spec:    credentials("secret: db, env: {}, mount: true"),
		field:   "spec.dependencies[0].credentials.env",
		message: "should have at least 1 properties",
	},
	"17 variables of a Secret": {
		spec:    credentials("secret: db, env: " + variables(17)),
		field:   "spec.dependencies[0].credentials.env",
		message: "Too many: 17: must have at most 16 items",
	},
	"a suffix in lower case": {
		spec:    credentials("secret: db, env: {password: password}"),
		field:   "spec.dependencies[0].credentials.env",
		message: credentialsSuffix,
	},
	"a suffix that begins with a digit": {
		spec:    credentials("secret: db, env: {2ND: password}"),
		field:   "spec.dependencies[0].credentials.env",
		message: credentialsSuffix,
	},
	"a key with a slash": {
		spec:    credentials("secret: db, env: {PASSWORD: a/b}"),
		field:   "spec.dependencies[0].credentials.env[PASSWORD]",
		message: secretKey,
	},
	"an empty key": {
		spec:    credentials("secret: db, env: {PASSWORD: ''}"),
		field:   "spec.dependencies[0].credentials.env.PASSWORD",
		message: "should be at least 1 chars long",
	},
	"a key of 10,000 letters": {
		spec:    credentials("secret: db, env: {PASSWORD: " + long + "}"),
		field:   "spec.dependencies[0].credentials.env.PASSWORD",
		message: "Too long: may not be more than 253 bytes",
	},
	"a type without files": {
		spec:    credentials("secret: db, env: {PASSWORD: password}, type: postgresql"),
		field:   "spec.dependencies[0].credentials",
		message: credentialsType,
	},
	"an empty type": {
		spec:    credentials("secret: db, mount: true, type: ''"),
		field:   "spec.dependencies[0].credentials.type",
		message: "should be at least 1 chars long",
	},
	"a type with a space": {
		spec:    credentials("secret: db, mount: true, type: my sql"),
		field:   "spec.dependencies[0].credentials.type",
		message: bindingType,
	},
	"a type of 10,000 letters": {
		spec:    credentials("secret: db, mount: true, type: " + long),
		field:   "spec.dependencies[0].credentials.type",
		message: "Too long: may not be more than 63 bytes",
	},
	"mounted credentials of an alias that is too long": {
		spec:    "dependencies: [{name: " + long[:56] + ", service: {name: db}, credentials: {secret: db, mount: true}}]",
		field:   "spec.dependencies[0].name",
		message: credentialsName,
	},
}
