package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/golden"
	"github.com/microservice-dev/microservice-operator/test/transcript"
)

// screens is docs/how-to/troubleshoot.md, whose screens are what the commands print on the node of make node-up.
type screens struct {
	path, text string
	// shown is how many blocks of each section were compared.
	shown map[string]int
}

func readScreens() *screens {
	GinkgoHelper()
	s := &screens{path: filepath.Join(cluster.Root(), "docs", "how-to", "troubleshoot.md"), shown: map[string]int{}}
	raw, err := os.ReadFile(s.path)
	Expect(err).NotTo(HaveOccurred())
	s.text = string(raw)
	DeferCleanup(func() {
		if golden.Updating() {
			Expect(os.WriteFile(s.path, []byte(s.text), 0o644)).To(Succeed())
		}
	})
	return s
}

// block matches a block of a page.
var block = regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```")

// check runs the commands of the section's next block until they tell the reason of the failure, and compares what they print with the
// page, or writes it there. A block without commands is the message.
func (s *screens) check(ctx context.Context, f *failure, user *shell, namespace, message string) {
	GinkgoHelper()
	if f.section == "" {
		return
	}
	begin := strings.Index(s.text, "\n## "+f.section+"\n")
	Expect(begin).To(BeNumerically(">=", 0), "the page has no section %q", f.section)
	section := s.text[begin+1:]
	if end := strings.Index(section[1:], "\n## "); end >= 0 {
		section = section[:end+1]
	}
	// What the page shows of a terminal, or of a message alone.
	blocks := slices.DeleteFunc(block.FindAllStringSubmatchIndex(section, -1), func(at []int) bool {
		return section[at[2]:at[3]] != "console" && section[at[2]:at[3]] != ""
	})
	first := s.shown[f.section]
	if first >= len(blocks) {
		return
	}
	// What follows with commands belongs to the same failure, unless another one of the section has it.
	last := first + 1
	for f.name == "" && last < len(blocks) && strings.HasPrefix(section[blocks[last][4]:], "$ ") {
		last++
	}
	s.shown[f.section] = last
	for i := last - 1; i >= first; i-- {
		old := section[blocks[i][4]:blocks[i][5]]
		printed := strings.ReplaceAll(message, namespace, "shop") + "\n"
		if strings.HasPrefix(old, "$ ") {
			printed = s.run(ctx, old, user, namespace, f.reason)
		}
		if golden.Updating() {
			at := begin + 1 + blocks[i][4]
			s.text = s.text[:at] + printed + s.text[at+len(old):]
			continue
		}
		Expect(lines(printed)).To(Equal(lines(old)), "%s, section %q: run make test-e2e E2E_ARGS='-ginkgo.label-filter=failures -update' and read the difference", s.path, f.section)
	}
}

// run runs the commands of a block, and returns them with what they print.
func (s *screens) run(ctx context.Context, old string, user *shell, namespace, reason string) string {
	GinkgoHelper()
	var printed strings.Builder
	for _, step := range transcript.Steps(old) {
		var said string
		reads := strings.HasPrefix(step.Command, "kubectl get") || strings.HasPrefix(step.Command, "kubectl events") || strings.HasPrefix(step.Command, "kubectl describe")
		if reads {
			// An event can come a moment after the status.
			Eventually(ctx, func() string {
				said = user.run(ctx, step.Command)
				return said
			}).Should(ContainSubstring(reason), step.Command)
		} else {
			said = user.run(ctx, step.Command)
		}
		printed.WriteString("$ " + step.Command + "\n" + strings.ReplaceAll(said, namespace, "shop"))
	}
	return printed.String()
}

// goneWell matches the events of steps that go well. How often the same one is told depends on how soon the operator saw each step.
var goneWell = regexp.MustCompile(`^AGE +Normal +(RollingOut|Available) `)

// lines are those of a screen without what differs between two runs, in any order: events of the same second have none.
func lines(screen string) []string {
	all := strings.Split(transcript.Normalized(screen), "\n")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	slices.Sort(all)
	return slices.CompactFunc(all, func(a, b string) bool { return a == b && goneWell.MatchString(a) })
}
