package main

import (
	"bytes"
	"debug/buildinfo"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestRelease builds a release twice, in different folders and with and without the tag, sends one to a registry, and installs
// from what came of it.
func TestRelease(t *testing.T) {
	source := repository(t)
	plugins := pluginPlatforms(t)
	built, again := filepath.Join(t.TempDir(), "release"), filepath.Join(t.TempDir(), "again")
	if err := build(source, version, imagePlatforms, plugins, built); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "another", "folder")
	runIn(t, source, nil, "git", "update-ref", "refs/tags/"+version, "HEAD")
	runIn(t, source, nil, "git", "clone", "--quiet", ".", other)
	if err := build(other, version, imagePlatforms, plugins, again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sums(t, built), sums(t, again)); diff != "" {
		t.Errorf("the same commit gives other files (-first +second):\n%s", diff)
	}

	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	to := strings.TrimPrefix(server.URL, "http://") + "/acme"
	pushed := pushTo(t, built, to)
	if diff := cmp.Diff(pushed, pushTo(t, again, to)); diff != "" {
		t.Errorf("the same release has other names and digests (-first +second):\n%s", diff)
	}

	t.Run("a version that is published already", func(t *testing.T) {
		other, err := random.Index(10, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		occupied, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/other/microservice-operator:" + version)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(occupied, other); err != nil {
			t.Fatal(err)
		}
		err = run([]string{"push", "-from", built, "-to", strings.TrimPrefix(server.URL, "http://") + "/other"}, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "is published already") {
			t.Errorf("it is replaced: %v", err)
		}
	})
	t.Run("the checksums", func(t *testing.T) { wantChecksums(t, built) })
	t.Run("the image", func(t *testing.T) { wantImage(t, built, to, pushed) })
	t.Run("the image alone", func(t *testing.T) { wantSameImage(t, source, to, pushed["image-digest"]) })
	t.Run("the chart", func(t *testing.T) { wantChart(t, built, pushed) })
	t.Run("the manifests", func(t *testing.T) { wantManifests(t, source, built) })
	t.Run("the notes", func(t *testing.T) { wantNotes(t, source, built) })
	t.Run("krew", func(t *testing.T) { wantKrew(t, built, len(plugins)) })
	for _, platform := range plugins {
		t.Run("the plugin for "+platform.String(), func(t *testing.T) {
			wantBill(t, filepath.Join(built, "kubectl-msvc-"+platform.OS+"-"+platform.Architecture+".spdx.json"))
		})
	}
}

// pushTo sends a release, and returns the names and digests that are printed.
func pushTo(t *testing.T, release, to string) map[string]string {
	t.Helper()
	var said bytes.Buffer
	if err := run([]string{"push", "-from", release, "-to", to}, &said); err != nil {
		t.Fatal(err)
	}
	pushed := map[string]string{}
	for line := range strings.Lines(said.String()) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found || value == "" {
			t.Errorf("it prints %q, which is no key and value", line)
		}
		pushed[key] = value
	}
	return pushed
}

// sums returns the hash of each file of a folder.
func sums(t *testing.T, folder string) map[string]string {
	t.Helper()
	names, err := filesIn(folder)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s has %d files: %v", folder, len(names), err)
	}
	all := map[string]string{}
	for _, name := range names {
		if all[name], err = sha256Of(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func wantChecksums(t *testing.T, release string) {
	t.Helper()
	listed := map[string]string{}
	for line := range strings.Lines(read(t, filepath.Join(release, checksums))) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = sum
	}
	want := sums(t, release)
	delete(want, checksums)
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("the hashes of the files (-want +listed):\n%s", diff)
	}
}

// wantManifests expects that install.yaml is the one of the source with another image, and crd.yaml the CRD.
func wantManifests(t *testing.T, source, release string) {
	t.Helper()
	install := read(t, filepath.Join(release, "install.yaml"))
	if strings.Count(install, "image: "+image+":"+version+"\n") != 1 {
		t.Error("install.yaml has not the image of the version")
	}
	if strings.ReplaceAll(install, ":"+version, ":latest") != read(t, filepath.Join(source, "dist/install.yaml")) {
		t.Error("install.yaml differs from dist/install.yaml in more than the image")
	}
	if read(t, filepath.Join(release, "crd.yaml")) != read(t, filepath.Join(source, "config/crd/bases/apps.microservice.dev_microservices.yaml")) {
		t.Error("crd.yaml is not the CRD")
	}
}

func wantNotes(t *testing.T, source, release string) {
	t.Helper()
	notes := read(t, filepath.Join(release, "release-notes.md"))
	if !strings.Contains(read(t, filepath.Join(source, "CHANGELOG.md")), "\n## "+version+"\n\n"+notes) {
		t.Errorf("the notes are not those of CHANGELOG.md: %s", notes)
	}
	if strings.Count(notes, "](") != strings.Count(notes, "](https://") {
		t.Error("the notes have a link that leads nowhere on the page of the release")
	}
}

// wantKrew expects that krew takes the manifest, and installs the plugin for each platform from its archive, which has the hash
// that the manifest says. What it installed for this machine must run.
func wantKrew(t *testing.T, release string, platforms int) {
	t.Helper()
	manifest := filepath.Join(release, "microservice.yaml")
	runIn(t, ".", nil, "go", "tool", "-modfile=go.tools.mod", "validate-krew-manifest", "-skip-install", "-manifest", manifest)
	archives, _ := filepath.Glob(filepath.Join(release, "kubectl-msvc-*")) // only a bad pattern fails
	archives = slices.DeleteFunc(archives, func(path string) bool { return strings.HasSuffix(path, ".spdx.json") })
	if len(archives) != platforms {
		t.Errorf("there are %d archives, not %d: %v", len(archives), platforms, archives)
	}
	for _, archive := range archives {
		stem, _, _ := strings.Cut(filepath.Base(archive), ".")
		platform := strings.Split(stem, "-")[2:]
		t.Run(strings.Join(platform, "/"), func(t *testing.T) {
			root := t.TempDir()
			runIn(t, ".", []string{"KREW_ROOT=" + root, "KREW_OS=" + platform[0], "KREW_ARCH=" + platform[1]},
				"go", "tool", "-modfile=go.tools.mod", "krew", "install", "--manifest="+manifest, "--archive="+archive)
			wantInstalled(t, filepath.Join(root, "bin", "kubectl-microservice"), platform[0], platform[1])
		})
	}
}

// wantInstalled expects a plugin of the version, and the license beside it.
func wantInstalled(t *testing.T, path, system, architecture string) {
	t.Helper()
	if system == "windows" {
		path += ".exe"
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Main.Version != version || info.Path != "github.com/microservice-dev/microservice-operator/cmd/kubectl-msvc" {
		t.Errorf("it is %s of version %s", info.Path, info.Main.Version)
	}
	program, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	if license := read(t, filepath.Join(filepath.Dir(program), "LICENSE")); license != read(t, "../../LICENSE") {
		t.Error("it has another license")
	}
	if system != runtime.GOOS || architecture != runtime.GOARCH {
		return
	}
	if said := runIn(t, ".", nil, path, "--version"); said != version+"\n" {
		t.Errorf("it says that it has the version %q", said)
	}
	if said := runIn(t, ".", nil, path, "why", "--help"); !strings.Contains(said, "kubectl microservice why") {
		t.Errorf("it calls itself otherwise than its user:\n%s", said)
	}
}

// TestBuildKeepsWhatWasThere: who makes a mistake loses no release, and waits for no compiler.
func TestBuildKeepsWhatWasThere(t *testing.T) {
	for version, want := range map[string]string{
		"0.1.0":  "VERSION=",
		"v0.1.0": `CHANGELOG.md says nothing of v0.1.0`,
	} {
		t.Run(version, func(t *testing.T) {
			out := t.TempDir()
			write(t, filepath.Join(out, "a"), "")
			if err := build(smallRepository(t), version, imagePlatforms, nil, out); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error has no %q: %v", want, err)
			}
			if _, err := os.Stat(filepath.Join(out, "a")); err != nil {
				t.Error(err)
			}
		})
	}
}
