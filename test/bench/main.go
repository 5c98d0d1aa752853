// Command bench measures what an operator costs, from outside: requests from the API server's audit log, CPU time and
// memory from the system. docs/contributing/performance/README.md says how.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) > 2 && os.Args[1] == "bare" {
		return runBare(os.Args[2])
	}
	if len(os.Args) > 1 && os.Args[1] == "naive" {
		return runNaive()
	}
	b, o := &bench{}, &options{}
	log.SetLogger(logr.Discard())
	b.define(o)
	flag.Parse()
	b.flags = flagsOf(flag.CommandLine)
	if o.from != "" {
		var err error
		if b.earlier, err = readRun(o.from); err != nil {
			return err
		}
		if o.only == "" {
			return b.earlier.write(filepath.Dir(o.from))
		}
		b.series = b.earlier.Series
	}
	var err error
	if b.plan, err = planOf(b.series, o.overrides); err != nil {
		return err
	}
	b.only = split(o.only)
	if err := b.configure(o.system, split(o.baselines)); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return b.run(ctx)
}

// options are the flags of a run.
type options struct {
	system, baselines, only, from string
	overrides
}

func (b *bench) define(o *options) {
	flag.StringVar(&b.series, "series", "short", "short takes minutes; full has the sizes and repetitions of the report.")
	flag.StringVar(&o.system, "system", "test/bench/systems/microservice-operator.yaml", "The file that describes the operator to measure.")
	flag.StringVar(&o.baselines, "baselines", "bare-client,bare-client-beside,kubectl,naive", "What to put beside it in the create burst: names in test/bench/systems, or paths.")
	flag.StringVar(&o.only, "only", "", "Run these workloads, separated by commas. Default: all.")
	flag.StringVar(&o.from, "from", "", "Write the report of this file of data again. With -only, measure those workloads again first.")
	flag.IntVar(&o.burst, "burst", 0, "Create so many at once. Default: as the series says.")
	flag.IntVar(&o.pairs, "pairs", 0, "Repeat the burst so often, with every baseline each time. Default: as the series says.")
	flag.StringVar(&o.sizes, "sizes", "", "Weigh at these sizes, such as 100,500; with the last in place, leave alone, change and start again. Default: as the series says.")
	flag.DurationVar(&o.steady, "steady", 0, "Leave alone for so long. Default: as the series says.")
	flag.StringVar(&b.out, "out", "bin/bench", "Where the report and its data go.")
	flag.StringVar(&b.profiles, "profiles", "", "Take CPU profiles of the operator and the API server in the create burst, into this folder.")
	flag.StringVar(&b.keepLogs, "keep-logs", "", "Keep what the operators write, in this folder.")
}

// flagsOf are the flags that were set, but those that say what `make bench` says in another way.
func flagsOf(all *flag.FlagSet) (set []string) {
	all.Visit(func(f *flag.Flag) {
		if f.Name != "series" && f.Name != "out" {
			set = append(set, fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
	})
	return set
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
