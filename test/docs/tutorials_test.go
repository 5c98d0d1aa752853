package docs_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/transcript"
)

var update = flag.Bool("update", false, "write the outputs that the tutorials show instead of comparing with them")

// setUp is the only block of a tutorial that is not run: the cluster of this test takes its place.
const setUp = "make demo\nexport KUBECONFIG=$PWD/bin/kubeconfig PATH=$PWD/bin/k8s:$PATH\n"

var (
	// readOnly are the commands that can be repeated until the cluster is where the page says.
	readOnly = regexp.MustCompile(`^kubectl (get|describe|events|explain) `)
	// fileName is the first line of a YAML block that the reader saves.
	fileName = regexp.MustCompile(`^# (\S+\.yaml)\n`)
	// trailing are the spaces at the ends of lines, which no page has.
	trailing = regexp.MustCompile(`[ \t]+\n`)
	// failure is in the output of each command that fails.
	failure = regexp.MustCompile(`(?m)^(?i:error)|^The \w+ "[^"]+" is invalid`)
)

// TestTutorials follows each tutorial from start to end, as its reader does: it saves the files, runs the commands one by
// one, and compares what they print with what the page shows. With -update it writes what they print into the page.
func TestTutorials(t *testing.T) {
	paths, _ := filepath.Glob(filepath.Join(cluster.Root(), "docs", "tutorials", "*.md")) // only a bad pattern fails
	if len(paths) < 3 {
		t.Fatalf("only %d tutorials were found", len(paths))
	}
	kubeconfig, kube := startDemo(t)
	for _, path := range paths {
		if !t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			follow(t, path, &reader{dir: t.TempDir(), kubeconfig: kubeconfig})
			left := &v1alpha1.MicroserviceList{}
			if err := kube.List(t.Context(), left); err != nil || len(left.Items) > 0 {
				t.Errorf("the tutorial leaves %d Microservices behind (%v)", len(left.Items), err)
			}
		}) {
			return // what is left of it would disturb the next one
		}
	}
}

// follow goes through the blocks of a tutorial in their order.
func follow(t *testing.T, path string, r *reader) {
	t.Helper()
	text := contents(t, path)
	page, commands, end := "", 0, 0
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		language, body := text[at[4]:at[5]], text[at[6]:at[7]]
		switch language {
		case "sh":
			if body != setUp {
				t.Fatalf("the test does not know how to prepare this:\n%s", body)
			}
		case "yaml":
			r.save(t, body)
		case "console":
			page += text[end:at[6]]
			for _, s := range transcript.Steps(body) {
				commands++
				page += "$ " + s.Command + "\n" + r.do(t, step{s})
			}
			end = at[7]
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands were found", commands)
	}
	if page += text[end:]; *update && page != text {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// step is a command and the output that the page shows.
type step struct{ transcript.Step }

// shows reports whether the page shows what the command printed. It shows an error where the command fails.
func (s step) shows(printed string, err error) bool {
	return transcript.Normalized(printed) == transcript.Normalized(s.Output) && failure.MatchString(printed) == (err != nil)
}

// reader is who follows a tutorial: a folder for the files, and a cluster.
type reader struct{ dir, kubeconfig string }

func (r *reader) save(t *testing.T, block string) {
	t.Helper()
	name := fileName.FindStringSubmatch(block)
	if name == nil {
		t.Fatalf("the block does not begin with a comment that names its file:\n%s", block)
	}
	if err := os.WriteFile(filepath.Join(r.dir, name[1]), []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
}

// do runs the command of a step and returns what the page has to show.
func (r *reader) do(t *testing.T, s step) string {
	t.Helper()
	printed, err := r.repeat(s)
	if s.shows(printed, err) {
		return s.Output
	}
	if *update && failure.MatchString(printed) == (err != nil) {
		return printed
	}
	t.Fatalf("$ %s: %v\nit prints other than the page shows, which `make tutorials` would write (-page +printed):\n%s",
		s.Command, err, cmp.Diff(transcript.Normalized(s.Output), transcript.Normalized(printed)))
	return ""
}

// repeat runs the command once, or until it prints what the page shows if it only reads. An update knows no state to wait
// for, so it takes what has not changed for long.
func (r *reader) repeat(s step) (printed string, err error) {
	const long, tooLong = 8 * time.Second, 5 * time.Minute
	var before string
	var since time.Time
	for begun := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		printed, err = r.run(s.Command)
		if s.shows(printed, err) || !readOnly.MatchString(s.Command) || time.Since(begun) > tooLong {
			return printed, err
		}
		if now := transcript.Normalized(printed); now != before || since.IsZero() {
			before, since = now, time.Now()
		}
		if *update && time.Since(since) > long {
			return printed, err
		}
	}
}

func (r *reader) run(command string) (string, error) {
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "HOME="+r.dir, "KUBECONFIG="+r.kubeconfig,
		fmt.Sprintf("PATH=%s:%s", filepath.Dir(cluster.Program("kubectl")), os.Getenv("PATH")))
	output, err := cmd.CombinedOutput()
	printed := trailing.ReplaceAllString(string(output), "\n")
	if printed != "" && !strings.HasSuffix(printed, "\n") { // a jsonpath
		printed += "\n"
	}
	return printed, err
}
