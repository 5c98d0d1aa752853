package compose

import (
	"cmp"
	"fmt"
	"slices"
)

// Kind is what a finding asks for.
type Kind string

const (
	// NotConverted is lost: Kubernetes or the API has no counterpart, or not the same.
	NotConverted Kind = "not-converted"
	// ToDo is to be done by a person before the Microservices work.
	ToDo Kind = "to-do"
	// Changed works, and differs from the Compose file.
	Changed Kind = "changed"
)

// Finding is one thing to know about the conversion.
type Finding struct {
	// Service is the Compose service, empty for the project as a whole.
	Service string `json:"service,omitempty"`
	// Key is the key of the Compose file.
	Key  string `json:"key"`
	Kind Kind   `json:"kind"`
	// Message says what happened and what to do.
	Message string `json:"message"`
}

// String returns one line: where, what happened and what to do.
func (f Finding) String() string {
	return fmt.Sprintf("%s.%s: %s", cmp.Or(f.Service, "project"), f.Key, f.Message)
}

// report collects findings.
type report struct{ findings []Finding }

func (r *report) add(kind Kind, service, key, format string, args []any) {
	r.findings = append(r.findings, Finding{Service: service, Key: key, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

func (r *report) notConverted(service, key, format string, args ...any) {
	r.add(NotConverted, service, key, format, args)
}

func (r *report) toDo(service, key, format string, args ...any) {
	r.add(ToDo, service, key, format, args)
}

func (r *report) changed(service, key, format string, args ...any) {
	r.add(Changed, service, key, format, args)
}

// sorted returns the findings by service, those of the project last. Within a service the order is that of the conversion.
func (r *report) sorted() []Finding {
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		if (a.Service == "") != (b.Service == "") {
			return cmp.Compare(b.Service, a.Service)
		}
		return cmp.Compare(a.Service, b.Service)
	})
	return r.findings
}
