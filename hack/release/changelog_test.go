package main

import (
	"strings"
	"testing"
)

func TestNotesOf(t *testing.T) {
	const changelog = "# Changelog\n\nIntro.\n\n## v0.2.0\n\n- new\n\n### More\n\n- more\n\n## v0.2.0-rc.1\n\n- soon\n\n## v0.1.0\n\n"
	for version, want := range map[string]string{
		"v0.2.0":      "- new\n\n### More\n\n- more\n",
		"v0.2.0-rc.1": "- soon\n",
	} {
		if got, err := notesOf(changelog, version); err != nil || got != want {
			t.Errorf("the notes of %s are %q, %v", version, got, err)
		}
	}
	for _, version := range []string{"v0.1.0", "v0.3.0", "v0.2"} {
		if _, err := notesOf(changelog, version); err == nil || !strings.Contains(err.Error(), `"## `+version+`"`) {
			t.Errorf("%s, which has no notes, gives %v", version, err)
		}
	}
}
