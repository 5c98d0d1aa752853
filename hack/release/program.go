package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// program is what the compiler made.
type program struct {
	path     string
	platform *v1.Platform
	info     *debug.BuildInfo
	commit   commit
}

// commit is what was compiled.
type commit struct {
	revision string
	// version is the commit's tag, or a pseudo-version of Go.
	version string
	time    time.Time
	// modified says that files were not as in the commit.
	modified bool
}

// compile builds a package of the source in a folder. The same commit gives the same bytes, in any folder.
func compile(source, pkg string, platform *v1.Platform, path string) (*program, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", path, pkg)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off",
		"GOOS="+platform.OS, "GOARCH="+platform.Architecture, "GOAMD64=v1", "GOARM64=v8.0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s for %s: %w\n%s", pkg, platform, err, said)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading what was compiled: %w", err)
	}
	about, err := commitOf(info)
	if err != nil {
		return nil, err
	}
	return &program{path: path, platform: platform, info: info, commit: about}, nil
}

// commitOf reads what the compiler noted. Times in what is built are the commit's, so that the same commit gives the same bytes.
func commitOf(info *debug.BuildInfo) (commit, error) {
	c := commit{version: info.Main.Version}
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
		return c, fmt.Errorf("the compiler noted no commit: build in a git clone, not in a worktree or an archive")
	}
	return c, nil
}

func (c commit) String() string {
	if c.modified {
		return c.revision + "-modified"
	}
	return c.revision
}
