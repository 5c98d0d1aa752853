// Package metrics has what Prometheus can ask about Microservices and about the writes of the operator.
package metrics

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Objects says which series there are for each Microservice.
type Objects string

const (
	// ObjectsAll are the series of ObjectsConditions, and replicas and dependencies: about 16 for each Microservice.
	ObjectsAll Objects = "all"
	// ObjectsConditions are conditions, the reason of Ready, and generations that are not observed: about 7 for each Microservice.
	ObjectsConditions Objects = "conditions"
	// ObjectsNone are none, only totals.
	ObjectsNone Objects = "none"
)

// Valid reports whether it is one of the three.
func (o Objects) Valid() bool {
	return slices.Contains([]Objects{ObjectsAll, ObjectsConditions, ObjectsNone}, o)
}

const prefix = "microservice_operator_"

var (
	total   = prometheus.NewDesc(prefix+"microservices", "Number of Microservices by the reason of Ready; Unknown if there is no status yet.", []string{"reason"}, nil)
	edges   = prometheus.NewDesc(prefix+"dependencies", "Number of declared dependencies by state.", []string{"state"}, nil)
	inCycle = prometheus.NewDesc(prefix+"microservices_in_cycle", "Number of Microservices that depend on themselves through others.", nil, nil)

	condition = prometheus.NewDesc(prefix+"microservice_condition", "1 for the present status of each condition.",
		[]string{"namespace", "name", "type", "status"}, nil)
	reason = prometheus.NewDesc(prefix+"microservice_reason", "1 for the present reason of Ready.", []string{"namespace", "name", "reason"}, nil)
	lag    = prometheus.NewDesc(prefix+"microservice_unobserved_generations", "Number of generations of the spec that the status does not cover yet.",
		[]string{"namespace", "name"}, nil)
	replicas = prometheus.NewDesc(prefix+"microservice_replicas", "Number of replicas: those that exist, are updated to the newest spec, and are available.",
		[]string{"namespace", "name", "state"}, nil)
	dependencies = prometheus.NewDesc(prefix+"microservice_dependencies", "Number of dependencies of a Microservice by state.",
		[]string{"namespace", "name", "state"}, nil)
)

// Collector reads the cache at each scrape, so that there is no series of what is gone, and nothing is written when something changes.
// Until its manager leads it has no series: of several managers only one tells about Microservices.
type Collector struct {
	// Reader is a cache.
	Reader client.Reader
	// Elected is closed when the manager leads.
	Elected <-chan struct{}
	Objects Objects
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	all := []*prometheus.Desc{total, edges, inCycle}
	if c.Objects != ObjectsNone {
		all = append(all, condition, reason, lag)
	}
	if c.Objects == ObjectsAll {
		all = append(all, replicas, dependencies)
	}
	for _, d := range all {
		out <- d
	}
}

// scrapeTimeout bounds the wait for a cache that is not filled yet.
const scrapeTimeout = time.Second

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	select {
	case <-c.Elected:
	default:
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	list := &v1alpha1.MicroserviceList{}
	if err := c.Reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		out <- prometheus.NewInvalidMetric(total, err)
		return
	}
	reasons, states, cycles := map[string]int{}, map[string]int{}, 0
	for i := range list.Items {
		ms := &list.Items[i]
		reasons[readyReason(ms)]++
		if meta.IsStatusConditionTrue(ms.Status.Conditions, v1alpha1.ConditionDependencyCycle) {
			cycles++
		}
		for n := range ms.Status.Dependencies {
			states[string(ms.Status.Dependencies[n].State)]++
		}
		c.collect(out, ms)
	}
	for name, n := range reasons {
		out <- gauge(total, n, name)
	}
	for name, n := range states {
		out <- gauge(edges, n, name)
	}
	out <- gauge(inCycle, cycles)
}

// collect sends the series of one Microservice.
func (c *Collector) collect(out chan<- prometheus.Metric, ms *v1alpha1.Microservice) {
	if c.Objects == ObjectsNone {
		return
	}
	for i := range ms.Status.Conditions {
		found := &ms.Status.Conditions[i]
		out <- gauge(condition, 1, ms.Namespace, ms.Name, found.Type, string(found.Status))
	}
	out <- gauge(reason, 1, ms.Namespace, ms.Name, readyReason(ms))
	// A new object has observed generation -1, so that no tool takes it for a finished one.
	out <- gauge(lag, int(ms.Generation-max(ms.Status.ObservedGeneration, 0)), ms.Namespace, ms.Name)
	if c.Objects != ObjectsAll {
		return
	}
	for state, n := range map[string]int32{"existing": ms.Status.Replicas, "updated": ms.Status.UpdatedReplicas, "available": ms.Status.AvailableReplicas} {
		out <- gauge(replicas, int(n), ms.Namespace, ms.Name, state)
	}
	states := map[string]int{}
	for i := range ms.Status.Dependencies {
		states[string(ms.Status.Dependencies[i].State)]++
	}
	for state, n := range states {
		out <- gauge(dependencies, n, ms.Namespace, ms.Name, state)
	}
}

func readyReason(ms *v1alpha1.Microservice) string {
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return string(metav1.ConditionUnknown)
	}
	return ready.Reason
}

func gauge(d *prometheus.Desc, value int, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
}
