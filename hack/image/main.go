// Command image builds the manager's image and its bill of materials, without a container engine. The same commit gives
// the same bytes, on any machine.
package main

import (
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func main() {
	out := flag.String("out", "bin/image", "The folder for the image, as an OCI layout, and the bills of materials beside it. What is there is replaced.")
	platforms := flag.String("platforms", "linux/amd64,linux/arm64", "What to build for, separated by commas.")
	to := flag.String("push", "", "Where to send the image, such as ghcr.io/acme/microservice-operator:v1.0.0, with the credentials of docker login. Default: nowhere.")
	flag.Parse()
	if err := run(*out, strings.Split(*platforms, ","), *to); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(out string, platforms []string, to string) error {
	index, err := build(out, platforms)
	if err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", out, digest)
	if to == "" {
		return nil
	}
	reference, err := name.ParseReference(to)
	if err != nil {
		return fmt.Errorf("-push=%q: %w", to, err)
	}
	if err := remote.WriteIndex(reference, index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("sending the image to %s: %w", reference, err)
	}
	fmt.Printf("%s@%s\n", reference.Context(), digest)
	return nil
}

// build makes one image for several platforms, and leaves it in a folder.
func build(out string, platforms []string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, wanted := range platforms {
		platform, err := v1.ParsePlatform(wanted)
		if err != nil {
			return nil, fmt.Errorf("-platforms=%q: %w", wanted, err)
		}
		image, err := buildFor(out, platform)
		if err != nil {
			return nil, fmt.Errorf("building for %s: %w", platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	if err := os.RemoveAll(out); err != nil {
		return nil, fmt.Errorf("replacing the image: %w", err)
	}
	// The layout's own index has one entry: ours, which is what a registry is given.
	whole := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})
	if _, err := layout.Write(out, whole); err != nil {
		return nil, fmt.Errorf("writing the image: %w", err)
	}
	return index, nil
}

// buildFor makes the image for one platform, and its bill of materials beside the layout.
func buildFor(out string, platform *v1.Platform) (_ v1.Image, err error) {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program := filepath.Join(dir, "manager")
	if err := compile(program, platform); err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("reading what was compiled: %w", err)
	}
	about, err := commitOf(info)
	if err != nil {
		return nil, err
	}
	bill := fmt.Sprintf("%s-%s-%s.spdx.json", out, platform.OS, platform.Architecture)
	if err := writeBill(bill, platform, info, about); err != nil {
		return nil, err
	}
	return imageOf(program, platform, about)
}

func compile(program string, platform *v1.Platform) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", program, "./cmd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture, "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	return nil
}
