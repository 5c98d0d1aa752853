// Command reference writes the parts of docs/reference that come from the code, and the JSON schema for editors. It is
// run in the root of the repository.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/microservice-dev/microservice-operator/internal/cli"
)

const (
	conditionsSource = "api/v1alpha1/microservice_conditions.go"
	eventsSource     = "internal/controller/events.go"
	crdSource        = "config/crd/bases/apps.microservice.dev_microservices.yaml"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	groups, err := readGroups(conditionsSource)
	if err != nil {
		return err
	}
	normal, err := readNormalReasons(eventsSource)
	if err != nil {
		return err
	}
	crd, err := os.ReadFile(crdSource)
	if err != nil {
		return fmt.Errorf("reading the CRD: %w", err)
	}
	schemas, err := jsonSchemas(crd)
	if err != nil {
		return err
	}
	files, err := commandPages(cli.Commands())
	if err != nil {
		return err
	}
	maps.Copy(files, map[string][]byte{
		"docs/reference/conditions.md": conditionsPage(groups),
		"docs/reference/events.md":     eventsPage(groups, normal),
	})
	for path, schema := range schemas {
		files[filepath.Join("docs/schemas", path)] = schema
	}
	// A command that is gone, or has another name, leaves no page.
	if err := os.RemoveAll(commandsFolder); err != nil {
		return fmt.Errorf("removing the pages of the commands: %w", err)
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("creating the folder of %s: %w", path, err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	return nil
}
