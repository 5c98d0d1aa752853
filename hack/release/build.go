package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// imageFiles is how the names of the image's files begin.
const imageFiles = "microservice-operator-image"

// build makes everything that a release has from the commit at HEAD of a repository, in a folder. What is there is replaced.
func build(repository, version string, images, plugins []*v1.Platform, out string) (err error) {
	folder, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := checkout(repository, version, folder); err != nil {
		return err
	}
	notes, err := readNotes(folder, version) // first: to compile takes minutes, and what is in the folder is a release
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("replacing the release: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	about, err := releaseImage(folder, version, images, out)
	if err != nil {
		return err
	}
	if err := releasePlugins(folder, version, plugins, out); err != nil {
		return err
	}
	if err := errors.Join(
		writeChart(folder, version, about.time, out),
		writeManifests(folder, version, out),
		os.WriteFile(filepath.Join(out, "release-notes.md"), []byte(notes), 0o644),
	); err != nil {
		return err
	}
	return writeChecksums(out)
}

// releaseImage writes the image and its bills of materials.
func releaseImage(source, version string, platforms []*v1.Platform, out string) (commit, error) {
	tag, err := name.NewTag(image + ":" + version)
	if err != nil {
		return commit{}, err
	}
	index, about, err := buildImage(source, platforms, filepath.Join(out, imageFiles))
	if err != nil {
		return about, err
	}
	if about.version != version || about.modified {
		return about, fmt.Errorf("the compiler noted the version %s, not %s: the major version must be that of the module in go.mod", about.version, version)
	}
	return about, writeImage(filepath.Join(out, imageFiles+".tar"), index, tag, about.time)
}

// releasePlugins writes the plugin for all platforms, and the manifest with which krew installs it.
func releasePlugins(source, version string, platforms []*v1.Platform, out string) error {
	var archives []pluginArchive
	for _, platform := range platforms {
		archive, err := buildPlugin(source, platform, out)
		if err != nil {
			return fmt.Errorf("building the plugin for %s: %w", platform, err)
		}
		archives = append(archives, archive)
	}
	return writeKrewManifest(out, version, archives)
}
