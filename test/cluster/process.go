package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// endWithUs has every child process that this one has now end when this one does, also when it is killed: a shell waits
// for its standard input to close. What it returns closes it.
func endWithUs() (io.Closer, error) {
	pids, err := children()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("sh", append([]string{"-c", `cat >/dev/null; kill -9 "$@" 2>/dev/null; true`, "sh"}, pids...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the watchdog: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the watchdog: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	return stdin, nil
}

// children are the process IDs of this process' children. Where the system does not tell, there are none.
func children() ([]string, error) {
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return nil, fmt.Errorf("listing child processes: %w", err)
	}
	var pids []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("listing child processes: %w", err)
		}
		pids = append(pids, strings.Fields(string(content))...)
	}
	return pids, nil
}
