package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// pluginArchive is the plugin for one platform, as users download it.
type pluginArchive struct {
	platform *v1.Platform
	// program is its file's name in the archive.
	program string
	// path is where the archive is.
	path string
}

// buildPlugin writes an archive with the plugin and the license into a folder, and its bill of materials beside it.
func buildPlugin(source string, platform *v1.Platform, out string) (_ pluginArchive, err error) {
	folder, err := os.MkdirTemp("", "plugin-")
	if err != nil {
		return pluginArchive{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	archive := pluginArchive{platform: platform, program: "kubectl-msvc"}
	write, extension := writeTarGz, ".tar.gz"
	if platform.OS == "windows" { // which opens only this by itself
		archive.program += ".exe"
		write, extension = writeZip, ".zip"
	}
	plugin, err := compile(source, "./cmd/kubectl-msvc", platform, filepath.Join(folder, archive.program))
	if err != nil {
		return archive, err
	}
	if err := writeBill(filepath.Join(out, "kubectl-msvc"), "kubectl-msvc", plugin); err != nil {
		return archive, err
	}
	archive.path = filepath.Join(out, fmt.Sprintf("kubectl-msvc-%s-%s%s", platform.OS, platform.Architecture, extension))
	return archive, create(archive.path, func(w io.Writer) error {
		return write(w, plugin.commit.time,
			file{name: archive.program, mode: 0o755, path: plugin.path},
			file{name: "LICENSE", mode: 0o644, path: filepath.Join(source, "LICENSE")})
	})
}
