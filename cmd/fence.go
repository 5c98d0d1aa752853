package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// fence lets a manager write only while it certainly holds the lease. client-go's elector gives up when it could not renew for
// renewDeadline. But a process that was stopped for longer, with or without its machine, starts a new attempt when it
// continues, and works for another renewDeadline beside the new leader.
type fence struct {
	now func() time.Time

	mu sync.Mutex
	// renewed is when the last successful renewal was sent.
	renewed time.Time
}

// renewDeadline is the time without a renewal after which a manager no longer leads. The lease lasts 15 s, so another manager
// waits at least 5 s longer.
const renewDeadline = 10 * time.Second

// around makes the clients of a config write through the fence. They must include the elector's, whose renewals it observes.
func (f *fence) around(config *rest.Config) {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &fenced{fence: f, next: next} })
}

type fenced struct {
	*fence
	next http.RoundTripper
}

// RoundTrip refuses a write without the lease, except those that every manager sends.
func (f *fenced) RoundTrip(q *http.Request) (*http.Response, error) {
	if writes(q) && !anyManagerWrites.MatchString(q.URL.Path) {
		if since := f.sinceRenewal(); since >= renewDeadline {
			return nil, fmt.Errorf("not sent: the lease was last renewed %s ago, and another manager may lead by now", since.Round(time.Second))
		}
	}
	sent := f.now()
	answer, err := f.next.RoundTrip(q)
	if err == nil && renews(q) && answer.StatusCode < http.StatusMultipleChoices {
		f.mu.Lock()
		f.renewed = sent
		f.mu.Unlock()
	}
	return answer, err
}

// anyManagerWrites matches what a manager without the lease writes: the lease, events about it, and the reviews with which the
// metrics server authenticates its clients.
var anyManagerWrites = regexp.MustCompile(
	`/apis/(coordination|events|authentication|authorization)\.k8s\.io/|/api/v1/namespaces/[^/]+/events(/[^/]+)?$`)

func writes(q *http.Request) bool {
	return q.Method != http.MethodGet && q.Method != http.MethodHead
}

func renews(q *http.Request) bool {
	return (q.Method == http.MethodPut || q.Method == http.MethodPost) && strings.Contains(q.URL.Path, "/apis/coordination.k8s.io/") &&
		strings.Contains(q.URL.Path, "/leases")
}

// sinceRenewal returns the larger result of two clocks: one never jumps, the other also counts the time in which the machine
// sleeps.
func (f *fence) sinceRenewal() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	return max(now.Sub(f.renewed), now.Round(0).Sub(f.renewed.Round(0)))
}
