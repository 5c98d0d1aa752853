package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/tools/benchmark/parse"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// benchmarked are the packages that have Go benchmarks.
var benchmarked = []string{"./internal/dependency", "./internal/resources", "./internal/apply", "./internal/status", "./internal/topology", "./internal/controller"}

// benchmarks runs the Go benchmarks, which look at one step each, with a filled cache.
func (b *bench) benchmarks(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-run=^$", "-bench=.", "-benchmem", "-benchtime=0.5s"}, benchmarked...)...)
	cmd.Dir = cluster.Root()
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("running %s: %w\n%s", cmd, err, said)
	}
	for line := range bytes.Lines(said) {
		result, err := parse.ParseLine(strings.TrimSpace(string(line)))
		if err != nil {
			continue // not a result
		}
		// The name ends with GOMAXPROCS.
		result.Name, _, _ = strings.Cut(strings.TrimPrefix(result.Name, "Benchmark"), "-")
		b.results.Benchmarks = append(b.results.Benchmarks, result)
		fmt.Println(result)
	}
	return nil
}
