package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"golang.org/x/mod/semver"
)

// checkVersion refuses what is no version of a release: a tag of git and of an image, and what Go's compiler writes into programs.
func checkVersion(version string) error {
	if semver.Canonical(version) == version && version != "" {
		return nil
	}
	return fmt.Errorf("VERSION=%q: must be v and a semantic version of three numbers, with nothing after a plus sign: make release VERSION=v0.1.0, or VERSION=v0.1.0-rc.1", version)
}

// checkout clones the commit at HEAD of a repository into a folder, and tags it with the version there. The compiler writes a
// tag into a program, so what is built in the folder knows its version. The repository need not have the tag, and files that
// are not in the commit cannot get into the release.
func checkout(repository, version, folder string) error {
	if err := checkVersion(version); err != nil {
		return err
	}
	head, err := git(repository, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	if err := errors.Join(checkClean(repository), checkTag(repository, version, head)); err != nil {
		return err
	}
	// Without other tags: the compiler takes the highest of those at a commit.
	for _, args := range [][]string{
		{"clone", "--quiet", "--no-tags", "--no-checkout", repository, folder},
		{"-C", folder, "checkout", "--quiet", "--detach", head},
		{"-C", folder, "update-ref", "refs/tags/" + version, head},
	} {
		if _, err := git(".", args...); err != nil {
			return err
		}
	}
	return nil
}

func checkClean(repository string) error {
	changed, err := git(repository, "status", "--porcelain")
	if err != nil || changed == "" {
		return err
	}
	return fmt.Errorf("a release is built from a commit, and these files are not as in it: commit or stash them\n%s", changed)
}

// checkTag refuses a version that is a tag of another commit.
func checkTag(repository, version, head string) error {
	tags, err := git(repository, "tag", "--list", version)
	if err != nil || tags == "" {
		return err
	}
	tagged, err := git(repository, "rev-parse", "refs/tags/"+version+"^{commit}")
	if err != nil || tagged == head {
		return err
	}
	return fmt.Errorf("VERSION=%q is the tag of commit %s, and HEAD is %s: run git checkout %s, or choose a version that is no tag yet", version, tagged, head, version)
}

// git runs a command of git in a folder and returns what it prints.
func git(folder string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = folder
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, said.String())
	}
	return strings.TrimRight(string(out), "\n"), nil
}
