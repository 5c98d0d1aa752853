package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/registry"
)

// push sends the image and the chart of a release, as build left them in a folder, to a registry: TO/microservice-operator:v0.1.0
// and TO/charts/microservice-operator:0.1.0. It prints a line KEY=VALUE for each name and digest, for who signs them.
func push(release, to string, w io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "push-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	index, tag, err := readImage(filepath.Join(release, imageFiles+".tar"), folder)
	if err != nil {
		return err
	}
	reference, err := name.NewTag(to + "/microservice-operator:" + tag)
	if err != nil {
		return fmt.Errorf("-to=%q: must be a registry and a path, such as ghcr.io/acme: %w", to, err)
	}
	if err := checkUnpublished(index, reference); err != nil {
		return err
	}
	manifest, err := pushImage(index, reference, w)
	if err != nil {
		return err
	}
	return pushChart(release, reference.Registry, to+"/charts", manifest.Annotations["org.opencontainers.image.created"], w)
}

// checkUnpublished refuses a version that the registry has with other content: who has verified it would get something else.
func checkUnpublished(index v1.ImageIndex, reference name.Tag) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	there, err := remote.Head(reference, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	var refused *transport.Error
	switch {
	case errors.As(err, &refused) && slices.Contains([]int{http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized}, refused.StatusCode):
		return nil // some registries answer so for a repository that they do not have yet
	case err != nil:
		return fmt.Errorf("asking for %s: %w", reference, err)
	case there.Digest != digest:
		return fmt.Errorf("%s is published already, as %s, and this release is %s: a release is never replaced, so choose the next version", reference, there.Digest, digest)
	}
	return nil
}

// send writes an image to a registry, with the credentials of docker login.
func send(index v1.ImageIndex, reference name.Tag) error {
	if err := remote.WriteIndex(reference, index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("sending the image to %s: %w", reference, err)
	}
	return nil
}

func pushImage(index v1.ImageIndex, reference name.Tag, w io.Writer) (*v1.IndexManifest, error) {
	if err := send(index, reference); err != nil {
		return nil, err
	}
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(w, "image=%s\nimage-digest=%s\n", reference.Context(), digest)
	for _, m := range manifest.Manifests {
		_, _ = fmt.Fprintf(w, "image-digest-%s-%s=%s\n", m.Platform.OS, m.Platform.Architecture, m.Digest)
	}
	return manifest, nil
}

// pushChart sends the chart as `helm push` does, with the commit's time instead of the present one.
func pushChart(release string, server name.Registry, to, created string, w io.Writer) error {
	paths, _ := filepath.Glob(filepath.Join(release, "microservice-operator-*.tgz")) // only a bad pattern fails
	if len(paths) != 1 {
		return fmt.Errorf("%s has %d charts, not one: run make release", release, len(paths))
	}
	content, err := os.ReadFile(paths[0])
	if err != nil {
		return err
	}
	chart, err := loader.LoadFile(paths[0])
	if err != nil {
		return fmt.Errorf("reading %s: %w", paths[0], err)
	}
	var options []registry.ClientOption
	if server.Scheme() == "http" { // on this machine
		options = append(options, registry.ClientOptPlainHTTP())
	}
	client, err := registry.NewClient(options...)
	if err != nil {
		return err
	}
	repository := to + "/" + chart.Name()
	result, err := client.Push(content, repository+":"+chart.Metadata.Version, registry.PushOptCreationTime(created))
	if err != nil {
		return fmt.Errorf("sending the chart to %s: %w", repository, err)
	}
	_, _ = fmt.Fprintf(w, "chart=%s\nchart-digest=%s\n", repository, result.Manifest.Digest)
	return nil
}
