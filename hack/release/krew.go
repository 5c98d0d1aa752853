package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// krewName is the plugin's name in krew, which calls it kubectl microservice. krew wants a name that says what it is for.
// https://krew.sigs.k8s.io/docs/developer-guide/develop/naming-guide/
const krewName = "microservice"

// krewManifest is a plugin of krew. https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
type krewManifest struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   krewMeta `json:"metadata"`
	Spec       krewSpec `json:"spec"`
}

type krewMeta struct {
	Name string `json:"name"`
}

type krewSpec struct {
	Version          string         `json:"version"`
	Homepage         string         `json:"homepage"`
	ShortDescription string         `json:"shortDescription"`
	Description      string         `json:"description"`
	Platforms        []krewPlatform `json:"platforms"`
}

type krewPlatform struct {
	Selector krewSelector `json:"selector"`
	URI      string       `json:"uri"`
	SHA256   string       `json:"sha256"`
	Bin      string       `json:"bin"`
}

type krewSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

// writeKrewManifest writes the manifest with which krew installs the archives. krew wants it to have the plugin's name.
func writeKrewManifest(out, version string, archives []pluginArchive) error {
	m := krewManifest{
		APIVersion: "krew.googlecontainertools.github.com/v1alpha2", Kind: "Plugin",
		Metadata: krewMeta{Name: krewName},
		Spec: krewSpec{
			Version:          version,
			Homepage:         home,
			ShortDescription: "Explain, check and roll out Microservices",
			Description: `Follows the dependencies of a Microservice to the first cause of trouble, draws the
graph, checks a system before it is applied, rolls out a new image and waits for it,
and moves Deployments and Docker Compose files in and out. For clusters with the
operator of ` + home + `.
`,
		},
	}
	for _, archive := range archives {
		sum, err := sha256Of(archive.path)
		if err != nil {
			return err
		}
		m.Spec.Platforms = append(m.Spec.Platforms, krewPlatform{
			Selector: krewSelector{MatchLabels: map[string]string{"os": archive.platform.OS, "arch": archive.platform.Architecture}},
			URI:      fmt.Sprintf("%s/releases/download/%s/%s", home, version, filepath.Base(archive.path)),
			SHA256:   sum,
			Bin:      archive.program,
		})
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing the manifest for krew: %w", err)
	}
	return os.WriteFile(filepath.Join(out, krewName+".yaml"), text, 0o644)
}
