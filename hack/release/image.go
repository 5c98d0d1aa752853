package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nonroot is a user and group without a name and without rights, the same as distroless' nonroot.
const nonroot = "65532:65532"

// buildImage makes one image for several platforms from the source in a folder. The bill of materials of each is written into
// a file OUT-OS-ARCHITECTURE.spdx.json.
func buildImage(source string, platforms []*v1.Platform, out string) (v1.ImageIndex, commit, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var about commit
	for _, platform := range platforms {
		image, of, err := buildFor(source, platform, out)
		if err != nil {
			return nil, about, fmt.Errorf("building the image for %s: %w", platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
		about = of
	}
	return mutate.Annotations(index, about.annotations()).(v1.ImageIndex), about, nil
}

func buildFor(source string, platform *v1.Platform, out string) (_ v1.Image, _ commit, err error) {
	folder, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, commit{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	manager, err := compile(source, "./cmd", platform, filepath.Join(folder, "manager"))
	if err != nil {
		return nil, commit{}, err
	}
	if err := writeBill(out, "microservice-operator", manager); err != nil {
		return nil, commit{}, err
	}
	image, err := imageOf(manager)
	return image, manager.commit, err
}

// annotations are the keys of OCI that tell what an image is. https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
func (c commit) annotations() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "microservice-operator",
		"org.opencontainers.image.description":   "Runs Microservices and the network between them, from one object for each.",
		"org.opencontainers.image.vendor":        "microservice-dev",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        home,
		"org.opencontainers.image.documentation": home + "/tree/main/docs",
		"org.opencontainers.image.version":       c.version,
		"org.opencontainers.image.revision":      c.String(),
		"org.opencontainers.image.created":       c.time.Format(time.RFC3339),
	}
}

// imageOf has the program and nothing else: it needs no shell, no libraries, and no certificates but those that the
// cluster mounts. It has the annotations as labels, too, for what reads only the configuration.
func imageOf(manager *program) (v1.Image, error) {
	about := manager.commit
	var content bytes.Buffer
	// Everybody may run it and nobody may write it.
	if err := writeTar(&content, about.time, file{name: "manager", mode: 0o555, path: manager.path}); err != nil {
		return nil, fmt.Errorf("writing the layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: manager.platform.OS, Architecture: manager.platform.Architecture, Variant: manager.platform.Variant,
		Created: v1.Time{Time: about.time},
		RootFS:  v1.RootFS{Type: "layers"},
		Config:  v1.Config{User: nonroot, Entrypoint: []string{"/manager"}, WorkingDir: "/", Labels: about.annotations()},
	})
	if err != nil {
		return nil, fmt.Errorf("writing the image's configuration: %w", err)
	}
	image, err = mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: v1.Time{Time: about.time}, CreatedBy: "hack/release", Comment: "/manager"},
	})
	if err != nil {
		return nil, fmt.Errorf("adding the layer: %w", err)
	}
	return mutate.Annotations(image, about.annotations()).(v1.Image), nil
}
