package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// process is a program that ends with its starter, however that ends: a shell waits for its standard input to close.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	log   *os.File
}

const untilStdinCloses = `"$@" </dev/null & pid=$!; cat >/dev/null; kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; true`

func start(program string, args ...string) (*process, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w; run `make controlplane`, with KUBEBUILDER_ASSETS unset", err)
	}
	log, err := os.CreateTemp("", filepath.Base(program)+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("creating a log file: %w", err)
	}
	cmd := exec.Command("sh", append([]string{"-c", untilStdinCloses, "sh", program}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return &process{cmd: cmd, stdin: stdin, log: log}, nil
}

func (p *process) stop() error {
	return errors.Join(p.stdin.Close(), p.cmd.Wait(), p.log.Close(), os.Remove(p.log.Name()))
}
