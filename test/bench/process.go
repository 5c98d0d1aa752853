package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ticks is how many of /proc's units of CPU time a second has: USER_HZ, which is 100 on every Linux architecture that Go
// supports.
const ticks = 100

// cpuOf is the time that processes have spent on a CPU, in user and system mode (proc_pid_stat(5), fields 14 and 15).
func cpuOf(pids ...string) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		raw, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return 0, fmt.Errorf("reading the CPU time of a process (Linux only): %w", err)
		}
		// The second field is a name in parentheses, which may contain spaces.
		_, after, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(after)
		if len(fields) < 13 {
			return 0, fmt.Errorf("reading the CPU time of process %s: %q", pid, raw)
		}
		for _, field := range fields[11:13] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading the CPU time of process %s: %w", pid, err)
			}
			sum += time.Duration(n) * time.Second / ticks
		}
	}
	return sum, nil
}

// residentOf is the resident set of a process, now and at most, in bytes.
func residentOf(pid int) (now, peak int64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("reading the memory of a process (Linux only): %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	if now == 0 {
		return 0, 0, fmt.Errorf("process %d has no memory: it has ended", pid)
	}
	return now, peak, nil
}

var heapAlloc = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)$`)

// liveHeap has a program with net/http/pprof collect its garbage, and says what is left, in bytes. The second collection
// takes what finalizers have freed.
func liveHeap(ctx context.Context, port int) (int64, error) {
	var body []byte
	for range 2 {
		var err error
		if body, err = fetch(ctx, fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/heap?gc=1&debug=1", port)); err != nil {
			return 0, fmt.Errorf("reading the live heap: %w", err)
		}
	}
	found := heapAlloc.FindSubmatch(body)
	if found == nil {
		return 0, errors.New("reading the live heap: pprof does not say HeapAlloc")
	}
	return strconv.ParseInt(string(found[1]), 10, 64)
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, answer.Status)
	}
	return io.ReadAll(answer.Body)
}
