package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// readNotes returns what CHANGELOG.md says of a version.
func readNotes(source, version string) (string, error) {
	changelog, err := os.ReadFile(filepath.Join(source, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	return notesOf(string(changelog), version)
}

// notesOf returns the text under the heading of a version. It returns an error if there is no such heading, or no text.
func notesOf(changelog, version string) (string, error) {
	heading := "\n## " + version + "\n"
	_, notes, found := strings.Cut("\n"+changelog, heading)
	notes, _, _ = strings.Cut(notes, "\n## ")
	notes = strings.TrimSpace(notes)
	if !found || notes == "" {
		return "", fmt.Errorf(`CHANGELOG.md says nothing of %s: write what changes for users under the heading "## %s", which is "## Unreleased" before, and commit it`, version, version)
	}
	return notes + "\n", nil
}
