package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var (
	writingVerbs = sets.New("create", "patch", "update", "delete", "deletecollection")
	besides      = sets.New("leases", "events", "tokenreviews", "subjectaccessreviews")
	// workKinds are those of the requests that it takes to do the work.
	workKinds = sets.New("write", "read", "query")
)

// kindOf sorts requests: lists and watches of caches, leases, events and discovery go on beside the work.
func kindOf(c *cluster.Call) string {
	switch {
	case c.Verb == "list" && selected(c).Get("resourceVersion") == "":
		return "query"
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

// selected is what a request's URI says behind its path.
func selected(c *cluster.Call) url.Values {
	_, query, _ := strings.Cut(c.RequestURI, "?")
	values, _ := url.ParseQuery(query) // the API server has understood it
	return values
}

// watchFollows is how soon a watch begins after the LIST that filled its cache.
const watchFollows = time.Second

// kindsOf are those of requests in the order of the log. It knows more than kindOf: a LIST without a version is of a cache,
// too, when a watch of the same follows; so are the pages of one.
func kindsOf(calls []cluster.Call) []string {
	kinds, pages := make([]string, len(calls)), map[string][]int{}
	for i := range calls {
		c := &calls[i]
		kinds[i] = kindOf(c)
		if kinds[i] != "query" && kinds[i] != "watch" {
			continue
		}
		path, _, _ := strings.Cut(c.RequestURI, "?")
		same := strings.Join([]string{c.User.Username, path, selected(c).Get("labelSelector"), selected(c).Get("fieldSelector")}, " ")
		if kinds[i] == "query" {
			if !selected(c).Has("continue") {
				pages[same] = nil
			}
			pages[same] = append(pages[same], i)
			continue
		}
		for _, page := range pages[same] {
			if last := pages[same][len(pages[same])-1]; c.Received.Sub(calls[last].Answered.Time) < watchFollows {
				kinds[page] = "list"
			}
		}
		delete(pages, same)
	}
	return kinds
}

// Count is how often a request was sent and answered with a code.
type Count struct {
	// Kind is write, read, query for a LIST that fills no cache, list and watch for those that do, discovery, or the resource
	// of what goes on beside the work: leases, events.
	Kind     string `json:"kind"`
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Code     int    `json:"code"`
	N        int    `json:"n"`
}

func countCalls(calls []cluster.Call) []Count {
	found := map[Count]int{}
	for i, kind := range kindsOf(calls) {
		c := &calls[i]
		found[Count{Kind: kind, Verb: c.Verb, Resource: c.Resource(), Code: c.ResponseStatus.Code}]++
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
	for i, kind := range kindsOf(calls) {
		if c := &calls[i]; workKinds.Has(kind) && c.Answered.After(last) {
			last = c.Answered.Time
		}
	}
	return last
}
