package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// link is a link to a page, a folder or a heading; external ones are not followed.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinks(t *testing.T) {
	seen := 0
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
			target, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			seen++
			path := filepath.Join(filepath.Dir(p.path), target)
			if target == "" {
				path = p.path
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which does not exist", p.path, m[1])
			} else if heading != "" && !(page{text: contents(t, path)}).anchors()[heading] {
				t.Errorf("%s links to %s, which has no such heading", p.path, m[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no link was found")
	}
}

// anchors are the fragments that lead to the headings of the page, as GitHub forms them.
func (p page) anchors() map[string]bool {
	found, dropped := map[string]bool{}, regexp.MustCompile(`[^\w\- ]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
		words := dropped.ReplaceAllString(strings.ToLower(m[1]), "")
		found[strings.ReplaceAll(words, " ", "-")] = true
	}
	return found
}

// TestEveryPageIsInTheIndex: a page that no index names is found by nobody. The indexes are docs/README.md and those that it names.
func TestEveryPageIsInTheIndex(t *testing.T) {
	docs := filepath.Join(cluster.Root(), "docs")
	listed := map[string]bool{}
	list(t, filepath.Join(docs, "README.md"), listed)
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, docs+"/") && !listed[p.path] {
			t.Errorf("docs/README.md does not name %s", p.path)
		}
	}
}

// list adds an index and what it names, also by way of the index of a folder below it.
func list(t *testing.T, index string, listed map[string]bool) {
	t.Helper()
	listed[index] = true
	for _, m := range link.FindAllStringSubmatch(contents(t, index), -1) {
		target, _, _ := strings.Cut(m[1], "#")
		path := filepath.Join(filepath.Dir(index), target)
		if filepath.Base(path) == "README.md" && !listed[path] && strings.HasPrefix(path, filepath.Dir(index)+"/") {
			list(t, path, listed)
		}
		listed[path] = true
	}
}

// TestHowToTitles: the title of a guide begins with what its reader wants to do, which is also the name of its file.
func TestHowToTitles(t *testing.T) {
	for _, p := range pagesIn(t, "how-to") {
		verb, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(p.path), ".md"), "-")
		title, _, _ := strings.Cut(p.text, "\n")
		if !strings.HasPrefix(strings.ToLower(title), "# "+verb+" ") {
			t.Errorf("%s has the title %q, which does not begin with %q", p.path, title, verb)
		}
	}
}

func TestDesignNotesHaveStatusAndDate(t *testing.T) {
	head := regexp.MustCompile(`^# \d{4}: .+\n\n- Status: (accepted|superseded by .+)\n- Date: \d{4}-\d\d-\d\d`)
	for _, p := range pagesIn(t, "contributing/design") {
		if !head.MatchString(p.text) {
			t.Errorf("%s does not begin with its title, its status and its date", p.path)
		}
	}
}

// pagesIn are the pages of a folder of docs.
func pagesIn(t *testing.T, folder string) []page {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(cluster.Root(), "docs", folder, "*.md")) // only a bad pattern fails
	if len(paths) == 0 {
		t.Fatalf("docs/%s has no page", folder)
	}
	var all []page
	for _, path := range paths {
		all = append(all, page{path: path, text: contents(t, path)})
	}
	return all
}

// TestEveryLogLineIsExplained: whoever reads a message of the manager finds it in docs/reference/logs.md.
func TestEveryLogLineIsExplained(t *testing.T) {
	page := contents(t, filepath.Join(cluster.Root(), "docs", "reference", "logs.md"))
	message := regexp.MustCompile(`\.(?:Info\(|Error\(err, )"([^"]+)"`)
	seen := 0
	for _, folder := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(cluster.Root(), folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, m := range message.FindAllStringSubmatch(contents(t, path), -1) {
				seen++
				if !strings.Contains(page, "`"+m[1]+"`") {
					t.Errorf("docs/reference/logs.md does not explain %q of %s", m[1], path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen == 0 {
		t.Error("no log line was found")
	}
}
