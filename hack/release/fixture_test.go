package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// version is the one that the tests release.
const version = "v0.1.0"

// imagePlatforms are what the image is built for.
var imagePlatforms = []*v1.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm64"}}

// pluginPlatforms returns what the plugin is built for: all with RELEASE=full, and else what runs here and one more, because
// each takes minutes to compile for the first time.
func pluginPlatforms(t *testing.T) []*v1.Platform {
	t.Helper()
	list := runtime.GOOS + "/" + runtime.GOARCH + ",linux/arm64"
	if os.Getenv("RELEASE") == "full" {
		list = allPluginPlatforms
	} else if runtime.GOOS+"/"+runtime.GOARCH == "linux/arm64" {
		list = "linux/arm64,linux/amd64"
	}
	all, err := platforms("plugin-platforms", list)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// repository returns a repository with one commit: the files of this one as they are, with notes for the version.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := git(root, "ls-files", "--cached", "--others", "--exclude-standard")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for path := range strings.SplitSeq(listed, "\n") {
		content, err := os.ReadFile(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue // it is deleted, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if path == "CHANGELOG.md" {
			content = bytes.Replace(content, []byte("\n## Unreleased\n"), []byte("\n## "+version+"\n"), 1)
		}
		write(t, filepath.Join(folder, path), string(content))
	}
	run := func(args ...string) { runIn(t, folder, nil, "git", args...) }
	run("init", "--quiet", "--initial-branch=main")
	run("add", "--all", "--force")
	run("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false", "commit", "--quiet", "--message=Release")
	return folder
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// runIn runs a command in a folder with some variables, and returns what it prints.
func runIn(t *testing.T, folder string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
	}
	return string(said)
}
