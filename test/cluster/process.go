package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Process is a program that ends with its starter, however that ends: a shell waits for its standard input to close.
type Process struct {
	// PID is the program's own, not the shell's.
	PID int
	// Log is the path of the file that has what it writes. It goes when the process is stopped; KeepLog, where there is one, is
	// the path that it goes to.
	Log, KeepLog string

	cmd   *exec.Cmd
	stdin io.Closer
	log   *os.File
}

// The shell minds no signal that goes to all of a terminal, and ends with force what does not end when it is asked to: an
// API server without etcd, and what is stopped. Its trap comes after the fork: what is forked has it until the program begins,
// and a signal in between would be lost.
const untilStdinCloses = `"$@" </dev/null 3>&- & pid=$!
trap : INT TERM HUP
echo $pid >&3; exec 3>&-
cat >/dev/null
kill "$pid" 2>/dev/null
{ sleep 10; kill -9 "$pid" 2>/dev/null; } & force=$!
wait "$pid" 2>/dev/null
kill "$force" 2>/dev/null; true`

// StartProcess starts a program with variables beside those of this process.
func StartProcess(env []string, program string, args ...string) (*Process, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, err
	}
	log, err := os.CreateTemp("", filepath.Base(program)+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("creating a log file: %w", err)
	}
	p := &Process{Log: log.Name(), log: log}
	p.cmd = exec.Command("sh", append([]string{"-c", untilStdinCloses, "sh", program}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(os.Environ(), env...)
	if err := p.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", program, err), log.Close(), os.Remove(p.Log))
	}
	return p, nil
}

func (p *Process) start() error {
	told, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = told.Close() }()
	p.cmd.ExtraFiles = []*os.File{tell}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return errors.Join(err, tell.Close())
	}
	if err := errors.Join(p.cmd.Start(), tell.Close()); err != nil {
		return err
	}
	_, err = fmt.Fscan(told, &p.PID)
	return err
}

// Ended says that the program has ended. It is a zombie until Stop, so that nobody else has its PID. Linux only.
func (p *Process) Ended() bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
	_, after, found := strings.Cut(string(raw), ") ")
	return err != nil || (found && strings.HasPrefix(after, "Z"))
}

// Stop asks the program to end, waits until it has, and removes its log.
func (p *Process) Stop() error {
	return errors.Join(p.stdin.Close(), p.cmd.Wait(), p.log.Close(), p.keepLog(), os.Remove(p.Log))
}

func (p *Process) keepLog() error {
	if p.KeepLog == "" {
		return nil
	}
	raw, err := os.ReadFile(p.Log)
	if err != nil {
		return fmt.Errorf("keeping a log: %w", err)
	}
	return os.WriteFile(p.KeepLog, raw, 0o644)
}

// endWithUs has processes end when this one does, also when it is killed: a shell waits for its standard input to close,
// and does not mind signals that go to all of a terminal or of a timeout.
// What it returns closes it.
func endWithUs(pids []string) (io.Closer, error) {
	cmd := exec.Command("sh", append([]string{"-c", `trap "" INT TERM HUP; cat >/dev/null; kill -9 "$@" 2>/dev/null; true`, "sh"}, pids...)...)
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

// children are the process IDs of those of this process' children whose arguments name one of the folders. Where the
// system does not tell, there are none.
func children(folders ...string) ([]string, error) {
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
		for pid := range strings.FieldsSeq(string(content)) {
			arguments, _ := os.ReadFile("/proc/" + pid + "/cmdline") // it may have ended
			if slices.ContainsFunc(folders, func(folder string) bool { return strings.Contains(string(arguments), folder) }) {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}
