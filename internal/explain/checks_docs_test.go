package explain

import (
	"os"
	"strings"
	"testing"
)

// Every code has a row in the reference, with its severity and title.
func TestChecksAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/reference/analyze.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Checks {
		if row := "| `" + c.Code + "` | " + string(c.Severity) + " | " + c.Title; !strings.Contains(string(raw), row) {
			t.Errorf("docs/reference/analyze.md has no row that begins with %q", row)
		}
	}
}
