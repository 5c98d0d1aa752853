package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// image is the manager's image, without its tag. The chart and the manifests of config have the same.
const image = "ghcr.io/microservice-dev/microservice-operator"

// writeManifests writes install.yaml, with the image of the version, and crd.yaml, for who installs the CRD apart.
func writeManifests(source, version, out string) error {
	rendered, err := os.ReadFile(filepath.Join(source, "dist", "install.yaml"))
	if err != nil {
		return err
	}
	line := "image: " + image + ":"
	if found := strings.Count(string(rendered), line+"latest\n"); found != 1 {
		return fmt.Errorf("dist/install.yaml has %q %d times, not once: run make build-installer, or fix hack/release", line+"latest", found)
	}
	install := strings.Replace(string(rendered), line+"latest\n", line+version+"\n", 1)
	if err := os.WriteFile(filepath.Join(out, "install.yaml"), []byte(install), 0o644); err != nil {
		return err
	}
	crd, err := os.ReadFile(filepath.Join(source, "config", "crd", "bases", "apps.microservice.dev_microservices.yaml"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "crd.yaml"), crd, 0o644)
}
