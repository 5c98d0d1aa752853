package main

import (
	"archive/tar"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// wantImage expects that the registry has the image, by its tag, its digest and for each platform, and that the archive has the same.
func wantImage(t *testing.T, release, to string, pushed map[string]string) {
	t.Helper()
	reference, err := name.ParseReference(to + "/microservice-operator:" + version)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	wantDigest(t, index, pushed["image-digest"])
	archived, _, err := readImage(filepath.Join(release, imageFiles+".tar"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	wantDigest(t, archived, pushed["image-digest"])
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	wantAbout(t, manifest.Annotations)
	if len(manifest.Manifests) != len(imagePlatforms) {
		t.Errorf("there are %d images, not one for each platform", len(manifest.Manifests))
	}
	for _, m := range manifest.Manifests {
		t.Run(m.Platform.Architecture, func(t *testing.T) {
			image, err := index.Image(m.Digest)
			if err != nil {
				t.Fatal(err)
			}
			if want := pushed["image-digest-linux-"+m.Platform.Architecture]; m.Digest.String() != want {
				t.Errorf("its digest is %s, not %s", m.Digest, want)
			}
			wantRunnable(t, image)
			wantBill(t, filepath.Join(release, imageFiles+"-linux-"+m.Platform.Architecture+".spdx.json"))
		})
	}
}

func wantDigest(t *testing.T, index v1.ImageIndex, want string) {
	t.Helper()
	if digest, err := index.Digest(); err != nil || digest.String() != want {
		t.Errorf("the digest is %s, not %s: %v", digest, want, err)
	}
}

// wantAbout expects what tells people and tools what an image is.
func wantAbout(t *testing.T, annotations map[string]string) {
	t.Helper()
	for _, key := range []string{"title", "description", "vendor", "licenses", "source", "documentation", "version", "revision", "created"} {
		if annotations["org.opencontainers.image."+key] == "" {
			t.Errorf("%s is not said in %v", key, annotations)
		}
	}
	if got := annotations["org.opencontainers.image.version"]; got != version {
		t.Errorf("the version is %s", got)
	}
}

func wantRunnable(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != nonroot || strings.Join(config.Config.Entrypoint, " ") != "/manager" {
		t.Errorf("it runs as %+v", config.Config)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	wantAbout(t, config.Config.Labels)
	wantAbout(t, manifest.Annotations)
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	manager := wantOneStaticProgram(t, image)
	if runtime.GOOS != config.OS || runtime.GOARCH != config.Architecture {
		return
	}
	if err := os.Chmod(manager, 0o755); err != nil {
		t.Fatal(err)
	}
	if said := runIn(t, ".", nil, manager, "--version"); said != version+"\n" {
		t.Errorf("it says that it has the version %q", said)
	}
}

// wantSameImage expects that `make image-oci` of the tag makes the same image, and sends it.
func wantSameImage(t *testing.T, source, to, want string) {
	t.Chdir(source)
	var said strings.Builder
	called := to + "/manager:dev"
	if err := run([]string{"image", "-out", filepath.Join(t.TempDir(), "image"), "-name", called, "-push"}, &said); err != nil {
		t.Fatal(err)
	}
	if said.String() != to+"/manager@"+want+"\n" {
		t.Errorf("it says %q, and the release has %s", said.String(), want)
	}
	reference, err := name.ParseReference(called)
	if err != nil {
		t.Fatal(err)
	}
	if sent, err := remote.Head(reference); err != nil || sent.Digest.String() != want {
		t.Errorf("the registry has %v: %v", sent, err)
	}
}

// TestNamesInTheArchive: who imports an archive lists the image by the name in it, and containerd lists none without a name.
func TestNamesInTheArchive(t *testing.T) {
	for image, want := range map[string]string{
		"ghcr.io/acme/manager:v0.1.0": "ghcr.io/acme/manager:v0.1.0",
		"localhost:5000/manager:dev":  "localhost:5000/manager:dev",
		"acme/manager:dev":            "docker.io/acme/manager:dev", // what a node calls it
	} {
		t.Run(image, func(t *testing.T) {
			tag, err := name.NewTag(image)
			if err != nil {
				t.Fatal(err)
			}
			index, err := random.Index(8, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			archive, folder := filepath.Join(t.TempDir(), "image.tar"), t.TempDir()
			if err := writeImage(archive, index, tag, time.Unix(0, 0)); err != nil {
				t.Fatal(err)
			}
			if _, called, err := readImage(archive, folder); err != nil || called != tag.TagStr() {
				t.Errorf("it is called %s: %v", called, err)
			}
			// By hand: these are the names that other programs read.
			var layout struct {
				Manifests []struct{ Annotations map[string]string }
			}
			if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "index.json"))), &layout); err != nil {
				t.Fatal(err)
			}
			got := layout.Manifests[0].Annotations
			if got["io.containerd.image.name"] != want || got["org.opencontainers.image.ref.name"] != tag.TagStr() {
				t.Errorf("the names are %v, want %s and %s", got, want, tag.TagStr())
			}
		})
	}
}

// wantOneStaticProgram expects nothing else in the image, and returns the path of a copy.
func wantOneStaticProgram(t *testing.T, image v1.Image) string {
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
	return program
}

// wantBill expects a bill of materials that names this project in its version, a module that it needs, and Go.
func wantBill(t *testing.T, path string) {
	t.Helper()
	var bill struct {
		SPDXVersion string `json:"spdxVersion"`
		Packages    []struct{ Name, VersionInfo string }
	}
	if err := json.Unmarshal([]byte(read(t, path)), &bill); err != nil {
		t.Fatal(err)
	}
	named := map[string]string{}
	for _, p := range bill.Packages {
		named[p.Name] = p.VersionInfo
	}
	if bill.SPDXVersion != "SPDX-2.3" || named["sigs.k8s.io/controller-runtime"] == "" || named["stdlib"] == "" || named["github.com/microservice-dev/microservice-operator"] != version {
		t.Errorf("%s names %v", bill.SPDXVersion, named)
	}
}
