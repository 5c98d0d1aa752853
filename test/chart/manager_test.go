package chart_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// otherFlags have no value of their own: a user sets them with extraArgs.
var otherFlags = map[string]string{
	"enable-http2":              "off for the sake of security",
	"kubeconfig":                "the manager runs inside of its cluster",
	"leader-election-namespace": "the chart grants the lease in the namespace of the release",
	"metrics-cert-key":          "a Secret of type kubernetes.io/tls has the default's name",
	"metrics-cert-name":         "a Secret of type kubernetes.io/tls has the default's name",
	"pprof-bind-address":        "for a few minutes, to find a fault",
	"version":                   "it prints, and runs nothing",
	"zap-devel":                 "log.level and log.format have what matters of it",
	"zap-stacktrace-level":      "for whoever works on the operator",
	"zap-time-encoding":         "for whoever works on the operator",
}

// manager is the path of the operator's program, as it is in this repository.
var manager string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chart")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // what stays is in the folder for temporary files
	if manager, err = cluster.BuildManager(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// flag is how the help of Go's package flag describes one, and its default at the end of the second line.
var (
	flagHelp    = regexp.MustCompile(`(?m)^  -([a-z0-9-]+).*\n\s+(.*)$`)
	flagDefault = regexp.MustCompile(`\(default "?([^")]*)"?\)$`)
)

// flags returns the manager's flags and their defaults.
func flags(t *testing.T) map[string]string {
	t.Helper()
	text, err := exec.Command(manager, "-h").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	all := map[string]string{}
	for _, m := range flagHelp.FindAllStringSubmatch(string(text), -1) {
		all[m[1]] = ""
		if d := flagDefault.FindStringSubmatch(m[2]); d != nil {
			all[m[1]] = d[1]
		}
	}
	if all["max-dependent-restarts"] != "10" || all["dns-ports"] != "53" {
		t.Fatalf("the help was not understood: %v", all)
	}
	return all
}

// TestEveryFlagCanBeSet: a new flag of the manager needs a value, or a reason to have none.
func TestEveryFlagCanBeSet(t *testing.T) {
	typed := map[string]bool{}
	for _, m := range regexp.MustCompile(`"--([a-z0-9-]+)`).FindAllStringSubmatch(chartFile(t, filepath.Join("templates", "_args.tpl")), -1) {
		typed[m[1]] = true
	}
	known := flags(t)
	for name := range known {
		if _, other := otherFlags[name]; typed[name] == other {
			t.Errorf("the chart must either set --%s or have it among otherFlags", name)
		}
	}
	for name := range typed {
		if _, found := known[name]; !found {
			t.Errorf("the chart sets --%s, which the manager does not have", name)
		}
	}
	for name := range otherFlags {
		if _, found := known[name]; !found {
			t.Errorf("otherFlags has --%s, which the manager does not have", name)
		}
	}
}

// TestManagerTakesTheArguments parses the arguments with the manager's own flags: -h at their end ends it before it starts.
func TestManagerTakesTheArguments(t *testing.T) {
	for name, v := range matrix(t) {
		t.Run(name, func(t *testing.T) {
			if err := parses(render(t, standard(v)).arguments(t)); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("not all of them", func(t *testing.T) {
		v := values(t, "extraArgs: [--max-dependent-restart=3]")
		if err := parses(render(t, standard(v)).arguments(t)); err == nil {
			t.Error("the manager takes a flag that it does not have")
		}
	})
}

func parses(args []string) error {
	said, err := exec.Command(manager, append(args, "-h")...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		first, _, _ := strings.Cut(string(said), "\n")
		return fmt.Errorf("the manager refuses %s: %s", args, first)
	}
	return err
}
