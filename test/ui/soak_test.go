package ui_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var soak = flag.Duration("soak", 0, "How long TestSoak looks at the page; 0 for not at all.")

// sample is what the command and the page need at one time.
type sample struct {
	rss, heap float64 // MiB
	elements  int64
	// answered is how long the page took for a frame.
	answered time.Duration
}

// TestSoak keeps the page open while 1,000 Microservices change five times a second: neither the command nor the page comes to need more.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("it takes as long as -soak says: make bench-ui")
	}
	const each = 200 * time.Millisecond
	l := startLive(t)
	all := l.crowd(t)
	command := l.start(t, "-A")
	p := open(t, l.browser, command.address(t), laptop)
	p.await(t, "document.querySelector('#nodes > g')")
	p.do(t, `window.paintings = 0; new MutationObserver(() => window.paintings++).observe(document.getElementById('nodes'), {subtree: true, childList: true, attributes: true})`)

	const samples = 20
	var taken []sample
	begin := time.Now()
	over, writes := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for range time.Tick(each) {
			select {
			case <-over:
				writes <- n
				return
			default:
			}
			ms := all[n/2%many] // one breaks, and is well again: there are as many broken ones in the end as at first
			setReady(ms, ms.Status.AvailableReplicas == 0)
			if err := l.kube.Status().Update(t.Context(), ms); err != nil {
				t.Error(err)
			}
			n++
		}
	}()
	for range samples {
		time.Sleep(*soak / samples)
		s := command.sample(t, p)
		t.Logf("%8s: the command has %.1f MiB, the page %.1f MiB of JavaScript and %d nodes; it answers in %s",
			time.Since(begin).Round(time.Second), s.rss, s.heap, s.elements, s.answered.Round(time.Millisecond))
		taken = append(taken, s)
	}
	close(over)
	t.Logf("%d changes were written, and the page was painted %d times", <-writes, read[int](t, p, "window.paintings"))

	// The last look of each namespace is there in the end.
	bad := map[string]int{}
	for _, ms := range all {
		if ms.Status.AvailableReplicas == 0 {
			bad[ms.Namespace]++
		}
	}
	for namespace, n := range bad {
		p.await(t, card("Namespace/"+namespace)+fmt.Sprintf("?.textContent.includes(', %d not ready')", n))
	}
	// What is remembered of the last minutes grows at first.
	before, end := least(taken[samples/4:samples/2]), least(taken[samples*3/4:])
	for what, grown := range map[string]float64{
		"the command's memory": end.rss / before.rss, "the page's JavaScript": end.heap / before.heap,
		"the page's nodes": float64(end.elements) / float64(before.elements),
	} {
		if grown > 1.15 {
			t.Errorf("%s grew by %.0f%% from the second quarter to the last", what, 100*(grown-1))
		}
	}
	if end.answered > time.Second {
		t.Errorf("the page takes %s for a frame", end.answered)
	}
}

// least is the least of each number: what is above it goes at the next collection.
func least(all []sample) sample {
	l := all[0]
	for _, s := range all {
		l = sample{min(l.rss, s.rss), min(l.heap, s.heap), min(l.elements, s.elements), min(l.answered, s.answered)}
	}
	return l
}

// command is the plugin as a process of its own.
type command struct{ *cluster.Process }

// start runs `kubectl msvc ui` until the test is over.
func (l *live) start(t *testing.T, args ...string) command {
	t.Helper()
	program := filepath.Join(t.TempDir(), "kubectl-msvc")
	build := exec.Command("go", "build", "-o", program, "./cmd/kubectl-msvc")
	build.Dir = cluster.Root()
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, said)
	}
	return command{cluster.StartProcessFor(t, nil, program, append([]string{"ui", "--open=false", "--kubeconfig=" + l.kubeconfig}, args...)...)}
}

func (c command) address(t *testing.T) (address string) {
	t.Helper()
	cluster.Await(t, func() error {
		said, err := os.ReadFile(c.Log)
		if address = printed.FindString(string(said)); address == "" {
			return errors.Join(err, fmt.Errorf("it has printed no address: %s", said))
		}
		return err
	})
	return address
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func (c command) sample(t *testing.T, p *page) (s sample) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID))
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(string(resident.FindSubmatch(status)[1]))
	if err != nil {
		t.Fatal(err)
	}
	s.rss = float64(kib) / 1024
	if _, err := chromedp.Call(p.ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	heap, err := chromedp.Call(p.ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	s.heap = heap.UsedSize / (1 << 20)
	counters, err := chromedp.Call(p.ctx, memory.GetDOMCounters, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	s.elements = counters.Nodes
	start := time.Now()
	p.do(t, "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
	s.answered = time.Since(start)
	return s
}
