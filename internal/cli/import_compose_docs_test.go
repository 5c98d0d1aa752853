package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The example of the documentation is what the command prints.
func TestImportComposeIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/how-to/import-from-compose.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(raw), "\n## An example\n")
	blocks := regexp.MustCompile("(?s)```[a-z]+\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(blocks) < 3 {
		t.Fatalf("%d blocks", len(blocks))
	}
	code, stdout, stderr := runIn(t, map[string]string{"compose.yaml": blocks[0][1]})
	if code != ExitOK {
		t.Errorf("exit code %d", code)
	}
	if diff := cmp.Diff(blocks[1][1], stdout); diff != "" {
		t.Errorf("the Microservices (-page +command):\n%s", diff)
	}
	if diff := cmp.Diff(blocks[2][1], stderr); diff != "" {
		t.Errorf("the report (-page +command):\n%s", diff)
	}
}
