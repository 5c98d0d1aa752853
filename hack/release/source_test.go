package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// smallRepository returns a repository with two commits, of which v0.0.1 is the older one.
func smallRepository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	run := func(args ...string) {
		runIn(t, folder, nil, "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	}
	run("init", "--quiet")
	for _, content := range []string{"one", "two"} {
		write(t, filepath.Join(folder, "a"), content)
		write(t, filepath.Join(folder, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- "+content+"\n")
		run("add", "--all")
		run("-c", "commit.gpgSign=false", "commit", "--quiet", "--message="+content)
	}
	run("update-ref", "refs/tags/v0.0.1", "HEAD~")
	run("update-ref", "refs/tags/v0.0.2", "HEAD")
	return folder
}

func TestCheckout(t *testing.T) {
	repository := smallRepository(t)
	for name, version := range map[string]string{
		"a version that is no tag yet":         "v0.1.0",
		"a version before a release":           "v0.1.0-rc.1",
		"a version that is the tag of HEAD":    "v0.0.2",
		"a version that is the name of no tag": "v1.0.0",
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "source")
			if err := checkout(repository, version, folder); err != nil {
				t.Fatal(err)
			}
			if content := read(t, filepath.Join(folder, "a")); content != "two" {
				t.Errorf("the file has %q", content)
			}
			if tags := runIn(t, folder, nil, "git", "tag", "--points-at", "HEAD"); tags != version+"\n" {
				t.Errorf("the tags are %q", tags)
			}
		})
	}
}

func TestRefusedCheckouts(t *testing.T) {
	dirty := smallRepository(t)
	write(t, filepath.Join(dirty, "a"), "three")
	untracked := smallRepository(t)
	write(t, filepath.Join(untracked, "b"), "three")
	for name, tc := range map[string]struct {
		repository, version string
		want                []string
	}{
		"no version":              {"", "", []string{`VERSION=""`, "make release VERSION=v0.1.0"}},
		"no v":                    {"", "0.1.0", []string{`VERSION="0.1.0"`, "make release VERSION=v0.1.0"}},
		"a word":                  {"", "latest", []string{`VERSION="latest"`, "make release VERSION=v0.1.0"}},
		"two numbers":             {"", "v0.1", []string{`VERSION="v0.1"`, "three numbers"}},
		"a leading zero":          {"", "v0.01.0", []string{`VERSION="v0.01.0"`}},
		"what no image's tag has": {"", "v0.1.0+1", []string{`VERSION="v0.1.0+1"`, "plus sign"}},
		"a changed file":          {dirty, version, []string{" M a", "commit or stash"}},
		"a new file":              {untracked, version, []string{"?? b", "commit or stash"}},
		"a tag of another commit": {"", "v0.0.1", []string{`VERSION="v0.0.1"`, "git checkout v0.0.1", "choose a version"}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.repository == "" {
				tc.repository = smallRepository(t)
			}
			err := checkout(tc.repository, tc.version, filepath.Join(t.TempDir(), "source"))
			for _, words := range tc.want {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("the error has no %q: %v", words, err)
				}
			}
		})
	}
}
