package e2e

import (
	"context"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The plugin", Label("plugin"), Ordered, func() {
	const namespace = "e2e-plugin"
	var user *shell

	BeforeAll(func(ctx context.Context) {
		startTraffic(ctx, namespace)
		user = newShell(ctx, namespace)
	})

	It("answers of what runs well", func(ctx context.Context) {
		for _, c := range []struct {
			command string
			says    []string
		}{
			{"kubectl msvc status web", []string{"web", "Ready", *appImage + ":1"}},
			{"kubectl msvc status web --watch", []string{"Available"}},
			{"kubectl msvc tree web", []string{"Deployment web  2 updated, 2 available, of 2", "Pod web-", "NetworkPolicy"}},
			{"kubectl msvc graph", []string{"load", "web", "tally"}},
			{"kubectl msvc why load", []string{"load is well"}},
			{"kubectl msvc can-reach load web", []string{"can reach"}},
			{"kubectl msvc can-reach load tally:http", []string{"can reach"}},
			{"kubectl msvc graph -o svg", []string{"<svg", "tally"}},
			{"kubectl msvc check", []string{"an operator runs"}},
			{"kubectl msvc diff --live", nil},
		} {
			said := user.run(ctx, c.command)
			AddReportEntry(c.command, said)
			for _, words := range c.says {
				Expect(strings.ToLower(said)).To(ContainSubstring(strings.ToLower(words)), c.command)
			}
		}
		user.run(ctx, "kubectl msvc ui --snapshot=system.html")
		page, err := os.ReadFile(user.folder + "/system.html")
		Expect(err).NotTo(HaveOccurred())
		Expect(string(page)).To(ContainSubstring("tally"))
	})

	It("says no where something is not so", func(ctx context.Context) {
		said, err := user.try(ctx, "kubectl msvc can-reach tally web")
		Expect(err).To(MatchError("exit status 1"), said)
		said, err = user.try(ctx, "kubectl get msvc web -o yaml | sed s/:1$/:2/ | kubectl msvc diff -f -")
		Expect(err).To(MatchError("exit status 1"), said)
		Expect(said).To(ContainSubstring(*appImage + ":2"))
		said, err = user.try(ctx, "kubectl msvc set image web=example.com/none:1 --wait --timeout=10s")
		Expect(err).To(MatchError("exit status 4"), said)
		Expect(said).To(ContainSubstring("ImagePullFailed"))
		user.run(ctx, "kubectl msvc set image web="+*appImage+":2 --wait")
	})
})
