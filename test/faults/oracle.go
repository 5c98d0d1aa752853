package faults

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// Outcome is what one run came to.
type Outcome struct {
	// Snapshots are what was there after each step.
	Snapshots []Snapshot
	// Times are how long each step took.
	Times []time.Duration
	// Counts are how often each object was created and deleted.
	Counts map[string]int
	// Writes are those of the operator, in order.
	Writes []string
	// Busiest is the highest number of the operator's requests in one second.
	Busiest int
	// Resizes are how often an autoscaler changed the size of a Deployment.
	Resizes int
	// Problems begin with the oracle that found them: O1 to O6.
	Problems []string
}

// Snapshot is every field of every Microservice and child at one moment, by its path, but for what differs from one object
// to the next of the same content: UIDs, versions, times, addresses.
type Snapshot map[string]string

func snapshotOf(step, namespace string, live map[string]*unstructured.Unstructured) Snapshot {
	scene := Snapshot{}
	for key, object := range live {
		kind, _, _ := strings.Cut(key, "/")
		if kind != "Microservice" && !slices.Contains(childKinds, kind) {
			continue
		}
		if key == "ServiceAccount/default" { // every namespace has one
			continue
		}
		o := object.DeepCopy().Object
		meta := o["metadata"].(map[string]any)
		for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "managedFields", "namespace"} {
			delete(meta, field)
		}
		if kind != "Microservice" {
			delete(o, "status")
		}
		scene.add(step+": "+key, namespace, o)
	}
	return scene
}

var differing = []string{"uid", "clusterIP", "clusterIPs", "lastTransitionTime"}

func (s Snapshot) add(path, namespace string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			if !slices.Contains(differing, key) {
				s.add(path+"."+key, namespace, field)
			}
		}
	case []any:
		for i, field := range v {
			s.add(fmt.Sprintf("%s[%d]", path, i), namespace, field)
		}
	default:
		raw, _ := json.Marshal(v)
		s[path] = strings.ReplaceAll(string(raw), namespace, "NS")
	}
}

// Reference is what undisturbed runs come to.
type Reference struct {
	fields Snapshot
	// varies are the fields that differ between undisturbed runs.
	varies  map[string]bool
	counts  map[string]int
	writes  int
	busiest int
	resizes int
	times   []time.Duration
	// Plans are the writes, each with its number among those of its name.
	Plans []string
}

// Learn makes a reference of undisturbed runs, of which there must be two or more.
func Learn(runs ...*Outcome) (*Reference, error) {
	r := &Reference{fields: merged(runs[0].Snapshots), varies: map[string]bool{}, counts: runs[0].Counts, Plans: numbered(runs[0].Writes)}
	r.times = slices.Clone(runs[0].Times)
	for _, run := range runs {
		if len(run.Problems) > 0 {
			return nil, fmt.Errorf("an undisturbed run has problems: %v", run.Problems)
		}
		if !maps.Equal(run.Counts, r.counts) {
			return nil, fmt.Errorf("undisturbed runs differ in what was created and deleted: %v and %v", run.Counts, r.counts)
		}
		r.writes, r.busiest, r.resizes = max(r.writes, len(run.Writes)), max(r.busiest, run.Busiest), max(r.resizes, run.Resizes)
		for i, t := range run.Times {
			r.times[i] = max(r.times[i], t)
		}
		for _, difference := range differences(r.fields, merged(run.Snapshots)) {
			r.varies[difference] = true
		}
		r.Plans = slices.DeleteFunc(r.Plans, func(plan string) bool { return !slices.Contains(numbered(run.Writes), plan) })
	}
	return r, nil
}

// Snapshot is what is there after one step of the scenario.
func (r *Reference) Snapshot(step string) Snapshot {
	scene := Snapshot{}
	for path, value := range r.fields {
		if strings.HasPrefix(path, step+": ") {
			scene[path] = value
		}
	}
	return scene
}

// numbered are the writes with the number of each among those of the same name.
func numbered(writes []string) []string {
	seen := map[string]int{}
	var all []string
	for _, w := range writes {
		all = append(all, fmt.Sprintf("%s #%d", w, seen[w]))
		seen[w]++
	}
	return all
}

func merged(scenes []Snapshot) Snapshot {
	all := Snapshot{}
	for _, s := range scenes {
		maps.Copy(all, s)
	}
	return all
}

func differences(a, b Snapshot) []string {
	var paths []string
	for path, value := range a {
		if other, found := b[path]; !found || other != value {
			paths = append(paths, path)
		}
	}
	for path := range b {
		if _, found := a[path]; !found {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// Goal says where what is there after a step is not what it should come to.
type Goal func(step string, got Snapshot) []string

// anywhere is the goal of who does not know where a scenario comes to.
func anywhere(string, Snapshot) []string { return nil }

// Goal is to come to what there is undisturbed, but for the fields that may be otherwise.
func (r *Reference) Goal(may func(path string) bool) Goal {
	return func(step string, got Snapshot) []string {
		return differencesFrom(got, r.Snapshot(step), func(path string) bool { return r.varies[path] || may(path) })
	}
}

// perResize are the writes that restoring a size costs: the Deployment, and the status when the rollout begins, when enough replicas
// are available, and when their number has settled.
const perResize = 4

// Judge says what a disturbed run did otherwise than the reference on its way to the goal. It may have that many writes
// more, for what the fault has it send again. After an outage the controller of an autoscaler that is gone may not hear of that
// for a minute. Until then it resizes, and the operator restores the size.
func (r *Reference) Judge(out *Outcome, extraWrites int) []string {
	problems := slices.Clone(out.Problems)
	for _, key := range slices.Sorted(maps.Keys(joined(r.counts, out.Counts))) {
		if r.counts[key] != out.Counts[key] {
			problems = append(problems, fmt.Sprintf("O2: %s %d times, not %d", key, out.Counts[key], r.counts[key]))
		}
	}
	resizes := max(out.Resizes-r.resizes, 0)
	if len(out.Writes) > r.writes+extraWrites+perResize*resizes {
		problems = append(problems, fmt.Sprintf("O6: %d writes, where %d, %d for the fault and %d for each of %d resizes were enough",
			len(out.Writes), r.writes, extraWrites, perResize, resizes))
	}
	if most := 2*r.busiest + 20 + extraWrites/2; out.Busiest > most {
		problems = append(problems, fmt.Sprintf("O5: %d requests in one second, more than %d: it runs hot", out.Busiest, most))
	}
	return problems
}

// differencesFrom says where a scene is not what it should be, but for the paths that may be otherwise.
func differencesFrom(got, want Snapshot, may func(path string) bool) []string {
	var problems []string
	for _, path := range differences(got, want) {
		if !may(path) {
			problems = append(problems, fmt.Sprintf("O1: %s is %s, not %s", path, orNothing(got, path), orNothing(want, path)))
		}
	}
	return problems
}

// exactly allows no difference.
func exactly(string) bool { return false }

// historical are fields that tell how often something changed, and so differ when fewer changes lead to the same end.
func historical(path string) bool {
	return strings.HasSuffix(path, ".metadata.generation") || strings.HasSuffix(path, "deployment.kubernetes.io/revision")
}

func orNothing(s Snapshot, path string) string {
	if value, found := s[path]; found {
		return value
	}
	return "missing"
}

func joined(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// countsOf are how often each object was created and deleted. ReplicaSets count by what they belong to: each is a
// rollout.
func countsOf(events []Event) map[string]int {
	counts := map[string]int{}
	for _, e := range events {
		if e.Kind == "Pod" || e.Type == watch.Modified {
			continue
		}
		key := e.key()
		if owners := e.Object.GetOwnerReferences(); e.Kind == "ReplicaSet" && len(owners) > 0 {
			key = e.Kind + " of " + owners[0].Name
		}
		counts[string(e.Type)+" "+key]++
	}
	return counts
}

// resizesIn are how often an autoscaler changed the size of a Deployment. It does so with the subresource scale.
func resizesIn(events []Event) int {
	n, sizes := 0, map[string]any{}
	for _, e := range events {
		if e.Kind != "Deployment" {
			continue
		}
		size := field(e.Object, "spec", "replicas")
		byScale := slices.ContainsFunc(e.Object.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool { return m.Subresource == "scale" })
		if before, known := sizes[e.key()]; known && before != size && byScale {
			n++
		}
		sizes[e.key()] = size
	}
	return n
}
