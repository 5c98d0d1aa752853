package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var (
	writingVerbs = sets.New("create", "patch", "update", "delete", "deletecollection")
	besides      = sets.New("leases", "events", "tokenreviews", "subjectaccessreviews")
)

// kindOf sorts requests: lists and watches, leases, events and discovery go on beside the work.
func kindOf(c *cluster.Call) string {
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

// Count is how often a request was sent and answered with a code.
type Count struct {
	// Kind is write, read, list, watch, discovery, or the resource of what goes on beside the work: leases, events.
	Kind     string `json:"kind"`
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Code     int    `json:"code"`
	N        int    `json:"n"`
}

func countCalls(calls []cluster.Call) []Count {
	found := map[Count]int{}
	for i := range calls {
		c := &calls[i]
		found[Count{Kind: kindOf(c), Verb: c.Verb, Resource: c.Resource(), Code: c.ResponseStatus.Code}]++
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
func lastCreation(calls []cluster.Call, children []string) time.Time {
	var last time.Time
	for i := range calls {
		c := &calls[i]
		if c.ResponseStatus.Code == 201 && slices.Contains(children, c.Resource()) && c.Answered.After(last) {
			last = c.Answered.Time
		}
	}
	return last
}

// lastOf is when the last request of the work was answered, the zero time for none.
func lastOf(calls []cluster.Call) time.Time {
	var last time.Time
	for i := range calls {
		if c := &calls[i]; (kindOf(c) == "write" || kindOf(c) == "read") && c.Answered.After(last) {
			last = c.Answered.Time
		}
	}
	return last
}
