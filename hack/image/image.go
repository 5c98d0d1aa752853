package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// source is where the code is.
const source = "https://github.com/microservice-dev/microservice-operator"

// nonroot is a user and group without a name and without rights, the same as distroless' nonroot.
const nonroot = "65532:65532"

// commit is what was compiled.
type commit struct {
	revision string
	time     time.Time
	// modified says that files were not as in the commit.
	modified bool
}

// commitOf reads what the compiler noted. Times in the image are the commit's, so that the same commit gives the same
// image.
func commitOf(info *debug.BuildInfo) (commit, error) {
	var c commit
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			c.revision = s.Value
		case "vcs.modified":
			c.modified = s.Value == "true"
		case "vcs.time":
			t, err := time.Parse(time.RFC3339, s.Value)
			if err != nil {
				return c, fmt.Errorf("reading the commit's time: %w", err)
			}
			c.time = t.UTC()
		}
	}
	if c.revision == "" {
		return c, fmt.Errorf("the compiler noted no commit: build in a git clone")
	}
	return c, nil
}

func (c commit) String() string {
	if c.modified {
		return c.revision + "-modified"
	}
	return c.revision
}

// imageOf has the program and nothing else: it needs no shell, no libraries, and no certificates but those that the
// cluster mounts.
func imageOf(program string, platform *v1.Platform, about commit) (v1.Image, error) {
	content, err := archive(program, about.time)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant,
		Created: v1.Time{Time: about.time},
		RootFS:  v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User: nonroot, Entrypoint: []string{"/manager"}, WorkingDir: "/",
			Labels: map[string]string{
				"org.opencontainers.image.source":   source,
				"org.opencontainers.image.revision": about.String(),
				"org.opencontainers.image.licenses": "Apache-2.0",
				"org.opencontainers.image.title":    "microservice-operator",
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("writing the image's configuration: %w", err)
	}
	return mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: v1.Time{Time: about.time}, CreatedBy: "hack/image", Comment: "/manager"},
	})
}

// archive has one file, that everybody may run and nobody may write.
func archive(program string, at time.Time) ([]byte, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	header := &tar.Header{Typeflag: tar.TypeReg, Name: "manager", Mode: 0o555, Size: int64(len(content)), ModTime: at, Format: tar.FormatPAX}
	if err := w.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("writing the layer: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("writing the layer: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing the layer: %w", err)
	}
	return b.Bytes(), nil
}
