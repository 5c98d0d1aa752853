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
	b := &bench{}
	log.SetLogger(logr.Discard())
	series := flag.String("series", "short", "short takes minutes; full has the sizes and repetitions of the report.")
	system := flag.String("system", "test/bench/systems/microservice-operator.yaml", "The file that describes the operator to measure.")
	baselines := flag.String("baselines", "bare-client,bare-client-beside,kubectl,naive", "What to put beside it in the create burst: names in test/bench/systems, or paths.")
	only := flag.String("only", "", "Run these workloads, separated by commas. Default: all.")
	from := flag.String("from", "", "Write the report of this file of data again. With -only, measure those workloads again first.")
	flag.StringVar(&b.out, "out", "bin/bench", "Where the report and its data go.")
	flag.StringVar(&b.profiles, "profiles", "", "Take CPU profiles of the operator and the API server in the create burst, into this folder.")
	flag.Parse()
	if *from != "" {
		var err error
		if b.earlier, err = readRun(*from); err != nil {
			return err
		}
		if *only == "" {
			return b.earlier.write(filepath.Dir(*from))
		}
		*series = b.earlier.Series
	}
	if err := b.configure(*series, *system, split(*baselines), split(*only)); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return b.run(ctx)
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
