package monitoring_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/transcript"
)

var update = flag.Bool("update", false, "write what the runbooks show of commands instead of comparing with it")

var (
	// shown is a block of a terminal.
	shown = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
	// cure is the block of commands in a page's section Do.
	cure = regexp.MustCompile("(?ms)^## Do\n.*?^```sh\n(.*?)^```$")
)

// TestRunbooks: each alert leads to its page, each page belongs to an alert, and each page has the same sections.
func TestRunbooks(t *testing.T) {
	for name, rule := range alerts(t) {
		path := "docs/runbooks/" + name + ".md"
		if want := "https://github.com/microservice-dev/microservice-operator/blob/main/" + path; rule.Annotations["runbook_url"] != want {
			t.Errorf("%s has the runbook_url %q, want %q", name, rule.Annotations["runbook_url"], want)
		}
		text := rootFile(t, path)
		title, _, _ := strings.Cut(text, "\n")
		if title != "# "+name {
			t.Errorf("%s has the title %q", path, title)
		}
		if !strings.Contains(text, "`"+rule.Labels["severity"]+"`") || !strings.Contains(text, " "+rule.For.String()) {
			t.Errorf("%s does not say that the alert is `%s` and fires after %s", path, rule.Labels["severity"], rule.For)
		}
		sections := regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(text, -1)
		if len(sections) != 3 || sections[0][1] != "Impact" || sections[1][1] != "Look" || sections[2][1] != "Do" {
			t.Errorf("%s has the sections %v, want Impact, Look and Do", path, sections)
		}
		if !shown.MatchString(text) || !cure.MatchString(text) {
			t.Errorf("%s has no block of a terminal to look at, or no commands to do", path)
		}
	}
	pages, _ := filepath.Glob(rootPath("docs/runbooks/*.md")) // only a bad pattern fails
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if _, found := alerts(t)[name]; !found && name != "README" {
			t.Errorf("%s is the page of an alert that does not exist", page)
		}
	}
}

// look runs the commands that a page shows, and compares what they print with the page. With -update it writes that.
func (l *live) look(t *testing.T, page string) {
	t.Helper()
	path := rootPath("docs/runbooks/" + page + ".md")
	text := rootFile(t, "docs/runbooks/"+page+".md")
	updated, end := "", 0
	for _, at := range shown.FindAllStringSubmatchIndex(text, -1) {
		updated += text[end:at[2]]
		for _, s := range transcript.Steps(text[at[2]:at[3]]) {
			updated += "$ " + s.Command + "\n" + l.prints(t, s)
		}
		end = at[3]
	}
	if updated += text[end:]; *update && updated != text {
		if err := os.WriteFile(path, []byte(updated), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// do runs the commands of the section Do of a page: those of its example.
func (l *live) do(t *testing.T, page string) {
	t.Helper()
	commands := cure.FindStringSubmatch(rootFile(t, "docs/runbooks/"+page+".md"))
	if commands == nil {
		t.Fatalf("%s has no commands to do", page)
	}
	for line := range strings.Lines(commands[1]) {
		l.run(t, strings.TrimSpace(line))
	}
}
