// Package crd holds the CustomResourceDefinition, for programs that check Microservices without a cluster.
package crd

import _ "embed" // the manifest

// Microservices is the manifest of the CustomResourceDefinition.
//
//go:embed bases/apps.microservice.dev_microservices.yaml
var Microservices []byte
