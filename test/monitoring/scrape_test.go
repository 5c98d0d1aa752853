package monitoring_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/util/teststorage"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// scraper fills a prometheus from a manager, with the labels that the ServiceMonitor gives. Its clock is its own: between two
// scrapes pass 30 s of it, however long they take.
type scraper struct {
	*prometheus
	url         string
	now         time.Time
	honorLabels bool
	// last are the series of the last scrape, seen those of all.
	last, seen map[string]labels.Labels
}

func newScraper(t *testing.T, url string) *scraper {
	t.Helper()
	var monitor struct {
		Spec struct{ Endpoints []struct{ HonorLabels bool } }
	}
	if err := yaml.Unmarshal([]byte(rootFile(t, "config/prometheus/monitor.yaml")), &monitor); err != nil || len(monitor.Spec.Endpoints) != 1 {
		t.Fatalf("the ServiceMonitor has %d endpoints (%v)", len(monitor.Spec.Endpoints), err)
	}
	return &scraper{
		prometheus: newPrometheus(t, teststorage.New(t)), url: url, now: time.Unix(0, 0),
		honorLabels: monitor.Spec.Endpoints[0].HonorLabels, seen: map[string]labels.Labels{},
	}
}

// scrape reads the metrics, evaluates the rules, and lets the clock go on. A manager that does not answer has no series.
func (s *scraper) scrape(t *testing.T) {
	t.Helper()
	s.now = s.now.Add(step)
	samples := map[string]float64{}
	found := map[string]labels.Labels{}
	for _, parsed := range s.read(t) {
		found[parsed.labels.String()], samples[parsed.labels.String()] = parsed.labels, parsed.value
	}
	appender := s.storage.Appender(t.Context())
	write := func(series labels.Labels, v float64) {
		if _, err := appender.Append(0, series, s.now.UnixMilli(), v); err != nil {
			t.Fatal(err)
		}
	}
	for key, series := range found {
		write(series, samples[key])
	}
	for key, series := range s.last {
		if _, still := found[key]; !still {
			write(series, math.Float64frombits(value.StaleNaN))
		}
	}
	if err := appender.Commit(); err != nil {
		t.Fatal(err)
	}
	s.last = found
	maps.Copy(s.seen, found)
	s.evaluate(t, s.now)
}

type sample struct {
	labels labels.Labels
	value  float64
}

func (s *scraper) read(t *testing.T) []sample {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return nil
	}
	var all []sample
	for p := textparse.NewPromParser(body, labels.NewSymbolTable(), false); ; {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry == textparse.EntrySeries {
			var own labels.Labels
			p.Labels(&own)
			_, _, v := p.Series()
			all = append(all, sample{s.withTarget(own), v})
		}
	}
}

// withTarget adds the labels of the target, as Prometheus does:
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
func (s *scraper) withTarget(own labels.Labels) labels.Labels {
	b := labels.NewBuilder(own)
	for name, value := range map[string]string{"job": "operator", "namespace": system, "instance": strings.TrimPrefix(s.url, "http://")} {
		switch of := own.Get(name); {
		case of == "":
			b.Set(name, value)
		case !s.honorLabels:
			b.Set("exported_"+name, of).Set(name, value)
		}
	}
	return b.Labels()
}

// await scrapes until what fires is as it should be.
func (s *scraper) await(t *testing.T, what string, holds func(firing []string) bool) {
	t.Helper()
	cluster.Await(t, func() error {
		if s.scrape(t); !holds(s.names()) {
			return fmt.Errorf("%s: there fires %q", what, s.names())
		}
		return nil
	})
}

func (s *scraper) awaitFiring(t *testing.T, want ...string) {
	t.Helper()
	s.await(t, "waiting for "+strings.Join(want, ", "), func(firing []string) bool { return containsAll(firing, want) })
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(name string) bool { return !slices.Contains(all, name) })
}

func (s *scraper) awaitSilence(t *testing.T) {
	t.Helper()
	s.await(t, "waiting until nothing fires", func(firing []string) bool { return len(firing) == 0 })
}
