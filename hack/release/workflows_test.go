package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestActionsArePinned: a tag of an action can be moved to other code, and a commit cannot. The comment is for people.
func TestActionsArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`^\s*(- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	seen := 0
	for path, text := range workflows(t) {
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.Contains(line, "uses:") {
				continue
			}
			if seen++; !pinned.MatchString(line) {
				t.Errorf("%s: %q must name a commit and its version: uses: OWNER/ACTION@40 HEXADECIMAL DIGITS # v1.2.3", path, strings.TrimSpace(line))
			}
		}
	}
	if seen == 0 {
		t.Error("no workflow uses an action")
	}
}

// TestWorkflowsMayReadOnly: a job that needs more says so itself.
func TestWorkflowsMayReadOnly(t *testing.T) {
	for path, text := range workflows(t) {
		if !strings.Contains(text, "\npermissions:\n  contents: read\n\n") {
			t.Errorf("%s must begin with the permission contents: read, and no other", path)
		}
	}
}

// TestActionlint finds what GitHub would find only when a workflow runs: a wrong key, a permission or a step that is not there.
func TestActionlint(t *testing.T) {
	for path := range workflows(t) {
		runIn(t, ".", nil, "go", "tool", "-modfile=go.tools.mod", "actionlint", "-shellcheck=", "-pyflakes=", path)
	}
}

func workflows(t *testing.T) map[string]string {
	t.Helper()
	paths, _ := filepath.Glob("../../.github/workflows/*.y*ml") // only a bad pattern fails
	if len(paths) == 0 {
		t.Fatal("there is no workflow")
	}
	all := map[string]string{}
	for _, path := range paths {
		all[path] = read(t, path)
	}
	return all
}
