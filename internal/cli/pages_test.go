package cli

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var update = flag.Bool("update", false, "write what the guides show instead of comparing with it")

var (
	// shown are the commands with their answers, and the manifests, of a guide.
	shown = regexp.MustCompile("(?s)```(?:console|yaml)\n((?:\\$ kubectl msvc|apiVersion).*?)```")
	// age is what differs between two answers.
	age = regexp.MustCompile(`for \d+\w+`)
)

// compare compares answers with those that a guide shows, in their order, or writes them there.
func compare(t *testing.T, guide string, got ...string) {
	t.Helper()
	path := filepath.Join(cluster.Root(), "docs", "how-to", guide)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := shown.FindAllSubmatchIndex(text, -1)
	if len(all) != len(got) {
		t.Fatalf("%s shows %d answers, want %d", guide, len(all), len(got))
	}
	var updated []byte
	end := 0
	for n, at := range all {
		want := string(text[at[2]:at[3]])
		if age.ReplaceAllString(want, "") != age.ReplaceAllString(got[n], "") && !*update {
			t.Errorf("%s shows\n%s\nand it is\n%s", guide, want, got[n])
		}
		updated = append(append(updated, text[end:at[2]]...), got[n]...)
		end = at[3]
	}
	if *update {
		if err := os.WriteFile(path, append(updated, text[end:]...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The guide to take over a Deployment is followed from start to end.
func (l *live) testGuide(t *testing.T) {
	const namespace = "store"
	l.deploy(t, namespace, "web")
	t.Chdir(t.TempDir())
	var manifest, said bytes.Buffer
	if code := l.runTo(t.Context(), &manifest, &said, "import", "deployment", "web", "-n", namespace); code != ExitOK {
		t.Fatal(said.String())
	}
	if err := applyAll(l.kube, manifest.Bytes()); err != nil {
		t.Fatal(err)
	}
	l.awaitObserved(t, namespace)
	takeover, eject := "$ kubectl msvc takeover web -n store\n", "$ kubectl msvc eject web -n store\n"
	for _, command := range []struct {
		name   string
		answer *string
	}{{"takeover", &takeover}, {"eject", &eject}} {
		var out bytes.Buffer
		if code := l.runTo(t.Context(), &out, io.Discard, command.name, "web", "-n", namespace); code != ExitOK {
			t.Fatalf("%s ends with %d: %s", command.name, code, &out)
		}
		*command.answer += progressLines.ReplaceAllString(out.String(), "")
	}
	compare(t, "take-over-a-deployment.md", "$ kubectl msvc import deployment web -n store > web.yaml\n"+said.String(), manifest.String(), takeover, eject)
}

// progressLines are those with a time, of which there are as many as a rollout has steps.
var progressLines = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d .*\n`)
