package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// call is one request, as the API server's audit log has it (audit.k8s.io/v1 Event, level Metadata).
type call struct {
	AuditID string `json:"auditID"`
	Verb    string `json:"verb"`
	User    struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received metav1.MicroTime `json:"requestReceivedTimestamp"`
	Answered metav1.MicroTime `json:"stageTimestamp"`
}

func (c *call) resource() string {
	if c.ObjectRef.Subresource != "" {
		return c.ObjectRef.Resource + "/" + c.ObjectRef.Subresource
	}
	return c.ObjectRef.Resource
}

var (
	writingVerbs = sets.New("create", "patch", "update", "delete", "deletecollection")
	besides      = sets.New("leases", "events", "tokenreviews", "subjectaccessreviews")
)

// kind sorts requests: lists and watches, leases, events and discovery go on beside the work.
func (c *call) kind() string {
	switch {
	case c.Verb == "list" || c.Verb == "watch":
		return c.Verb
	case c.ObjectRef.Resource == "":
		return "discovery"
	case besides.Has(c.ObjectRef.Resource):
		return c.ObjectRef.Resource
	case writingVerbs.Has(c.Verb):
		return "write"
	}
	return "read"
}

// auditLog is read while the API server writes it.
type auditLog struct {
	path string
	// rest is the beginning of a line whose end is not written yet.
	rest   []byte
	offset int64
	seen   sets.Set[string]
}

func newAuditLog(path string) *auditLog {
	return &auditLog{path: path, seen: sets.New[string]()}
}

// next are the requests of users that were logged since the last call. A watch, which is logged when it begins and when
// it ends, counts once.
func (a *auditLog) next(users sets.Set[string]) ([]call, error) {
	f, err := os.Open(a.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // nothing is logged before the first request of a user
	}
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(a.offset, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	var calls []call
	for lines := bufio.NewReaderSize(f, 1<<20); ; {
		c, err := a.read(lines)
		if errors.Is(err, io.EOF) {
			return calls, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if !users.Has(c.User.Username) || (c.Verb == "watch" && a.seen.Has(c.AuditID)) {
			continue
		}
		if c.Verb == "watch" {
			a.seen.Insert(c.AuditID)
		}
		calls = append(calls, c)
	}
}

func (a *auditLog) read(lines *bufio.Reader) (c call, err error) {
	line, err := lines.ReadBytes('\n')
	a.offset += int64(len(line))
	a.rest = append(a.rest, line...)
	if err != nil {
		return c, err
	}
	defer func() { a.rest = a.rest[:0] }()
	return c, json.Unmarshal(bytes.TrimSpace(a.rest), &c)
}

// Count is how often a request was sent and answered with a code.
type Count struct {
	// Kind is write, read, list, watch, discovery, or the resource of what goes on beside the work: leases, events.
	Kind     string `json:"kind"`
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Code     int    `json:"code"`
	N        int    `json:"n"`
}

func countCalls(calls []call) []Count {
	found := map[Count]int{}
	for i := range calls {
		c := &calls[i]
		found[Count{Kind: c.kind(), Verb: c.Verb, Resource: c.resource(), Code: c.ResponseStatus.Code}]++
	}
	var counts []Count
	for c, n := range found {
		c.N = n
		counts = append(counts, c)
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return counts
}

// lastCreation is when the last child came to be. A PATCH that creates is answered with 201.
func lastCreation(calls []call, children []string) time.Time {
	var last time.Time
	for i := range calls {
		c := &calls[i]
		if c.ResponseStatus.Code == 201 && slices.Contains(children, c.resource()) && c.Answered.After(last) {
			last = c.Answered.Time
		}
	}
	return last
}

// lastOf is when the last request of the work was answered, the zero time for none.
func lastOf(calls []call) time.Time {
	var last time.Time
	for i := range calls {
		if c := &calls[i]; (c.kind() == "write" || c.kind() == "read") && c.Answered.After(last) {
			last = c.Answered.Time
		}
	}
	return last
}
