package main

import (
	"archive/tar"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestImage builds the image twice, and sends one to a registry: the digest is the same, and what is in it is one static
// program that an ordinary user runs.
func TestImage(t *testing.T) {
	t.Chdir("../..")
	out := filepath.Join(t.TempDir(), "image")
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	platforms := []string{"linux/amd64", "linux/arm64"}
	reference, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/acme/manager:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := run(filepath.Join(t.TempDir(), "image"), platforms, reference.String()); err != nil {
		t.Fatal(err)
	}
	sent, err := remote.Get(reference)
	if err != nil {
		t.Fatal(err)
	}
	index, err := build(out, platforms)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil || digest != sent.Digest {
		t.Errorf("the same commit gives another image: %v, then %v: %v", sent.Digest, digest, err)
	}
	for _, image := range images(t, out, digest) {
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(config.Architecture, func(t *testing.T) {
			if config.Config.User != nonroot || strings.Join(config.Config.Entrypoint, " ") != "/manager" || config.Config.Labels["org.opencontainers.image.revision"] == "" {
				t.Errorf("it runs as %+v", config.Config)
			}
			if err := validate.Image(image); err != nil {
				t.Error(err)
			}
			wantOneStaticProgram(t, image)
			wantBill(t, out+"-linux-"+config.Architecture+".spdx.json")
		})
	}
}

func images(t *testing.T, out string, digest v1.Hash) []v1.Image {
	t.Helper()
	whole, err := layout.ImageIndexFromPath(out)
	if err != nil {
		t.Fatal(err)
	}
	index, err := whole.ImageIndex(digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var all []v1.Image
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, image)
	}
	if len(all) != 2 {
		t.Fatalf("there are %d images, not one for each platform", len(all))
	}
	return all
}

func wantOneStaticProgram(t *testing.T, image v1.Image) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("it has %d layers, not one: %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	files := tar.NewReader(content)
	header, err := files.Next()
	if err != nil || header.Name != "manager" || header.Mode != 0o555 {
		t.Fatalf("it has %+v: %v", header, err)
	}
	program := filepath.Join(t.TempDir(), "manager")
	f, err := os.Create(program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, files); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("it has more than the program: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	if libraries, err := e.ImportedLibraries(); len(libraries) > 0 || err != nil || e.Section(".interp") != nil {
		t.Errorf("it is not static: it needs %v: %v", libraries, err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func wantBill(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		SPDXVersion string `json:"spdxVersion"`
		Packages    []struct{ Name, VersionInfo string }
	}
	if err := json.Unmarshal(raw, &bill); err != nil {
		t.Fatal(err)
	}
	named := map[string]string{}
	for _, p := range bill.Packages {
		named[p.Name] = p.VersionInfo
	}
	if bill.SPDXVersion != "SPDX-2.3" || named["sigs.k8s.io/controller-runtime"] == "" || named["stdlib"] == "" {
		t.Errorf("%s names %v", bill.SPDXVersion, named)
	}
}
