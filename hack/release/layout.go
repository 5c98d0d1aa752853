package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// The annotations that name an image in an archive. They are outside of what a registry is given, and change no digest.
const (
	// nameAnnotation has the whole name. containerd and podman call the image so. Without a name containerd imports an image and
	// lists none. https://github.com/containerd/containerd/blob/v1.6.20/images/annotations.go
	nameAnnotation = "io.containerd.image.name"
	// tagAnnotation has the tag. skopeo finds the image by it, and containerd, after a name that it is told.
	// https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
	tagAnnotation = "org.opencontainers.image.ref.name"
)

// writeImage writes an image as an archive in the OCI layout.
func writeImage(path string, index v1.ImageIndex, image name.Tag, at time.Time) (err error) {
	folder, err := os.MkdirTemp("", "layout-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	// The library names Docker Hub by its server, and everybody else by its domain.
	whole := strings.Replace(image.Name(), name.DefaultRegistry+"/", "docker.io/", 1)
	names := map[string]string{nameAnnotation: whole, tagAnnotation: image.TagStr()}
	// The layout's own index has one entry: ours, which is what a registry is given.
	outer := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index, Descriptor: v1.Descriptor{Annotations: names}})
	if _, err := layout.Write(folder, outer); err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	found, err := filesIn(folder)
	if err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	var files []file
	for _, path := range found {
		files = append(files, file{name: path, mode: 0o644, path: filepath.Join(folder, path)})
	}
	return create(path, func(w io.Writer) error { return writeTar(w, at, files...) })
}

// readImage reads what writeImage wrote, and the image's tag. The archive's files are in the folder as long as the image is used.
func readImage(path, folder string) (v1.ImageIndex, string, error) {
	if err := extract(path, folder); err != nil {
		return nil, "", err
	}
	whole, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", path, err)
	}
	manifest, err := whole.IndexManifest()
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", path, err)
	}
	if len(manifest.Manifests) != 1 {
		return nil, "", fmt.Errorf("%s has %d images, not one", path, len(manifest.Manifests))
	}
	index, err := whole.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", path, err)
	}
	return index, manifest.Manifests[0].Annotations[tagAnnotation], nil
}
