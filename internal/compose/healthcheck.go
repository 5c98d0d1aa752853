package compose

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/hosts"
)

// second in the unit of Compose's durations.
const second = 1_000_000_000

// defaultSeconds is Docker's default for interval and timeout: https://docs.docker.com/reference/dockerfile/#healthcheck
const defaultSeconds = 30

// defaultDeadline is the API's default of spec.rollout.progressDeadlineSeconds.
const defaultDeadline = 600

// probe turns the health check into a readiness probe: Docker restarts nothing that is unhealthy, and who depends on it waits.
func (s *conversion) probe() {
	check := s.service.HealthCheck
	if check == nil {
		return
	}
	defer s.leftOver("healthcheck", *check, "test", "disable", "interval", "timeout", "retries", "start_period")
	if check.Disable || len(check.Test) > 0 && check.Test[0] == "NONE" {
		return
	}
	if len(check.Test) < 2 {
		s.notConverted("healthcheck", "the check is in the image, where Kubernetes does not read it: set spec.probes.readiness")
		return
	}
	if passwordInside.MatchString(strings.Join(check.Test, " ")) {
		s.notConverted("healthcheck.test", "it has a password in it and is not printed: set spec.probes.readiness")
		return
	}
	readiness := &corev1.Probe{
		ProbeHandler:   s.handler(check),
		PeriodSeconds:  seconds(check.Interval),
		TimeoutSeconds: seconds(check.Timeout),
	}
	if check.Retries != nil && *check.Retries > 0 {
		readiness.FailureThreshold = int32(min(*check.Retries, 1_000_000))
	}
	s.spec.Probes = &v1alpha1.Probes{Readiness: readiness}
	if start := seconds(check.StartPeriod); check.StartPeriod != nil && start >= defaultDeadline {
		s.spec.Rollout = &v1alpha1.Rollout{ProgressDeadlineSeconds: ptr.To(start + defaultDeadline)}
	}
	if check.StartPeriod != nil {
		s.changed("healthcheck.start_period", "a readiness probe needs none: its failures before the first success have no consequences")
	}
}

// seconds returns a duration in seconds, at least 1, and Docker's default for none.
func seconds(d *types.Duration) int32 {
	if d == nil || *d <= 0 {
		return defaultSeconds
	}
	return int32(max(1, min((int64(*d)+second-1)/second, 1_000_000)))
}

// handler asks over HTTP where the check does, and runs its command otherwise.
func (s *conversion) handler(check *types.HealthCheckConfig) corev1.ProbeHandler {
	if get := httpCheck(check); get != nil {
		if !get.fails {
			s.changed("healthcheck.test", "curl without --fail accepts every status; the probe needs one from 200 to 399")
		}
		action := &corev1.HTTPGetAction{Path: get.path, Port: intstr.FromInt32(get.port), HTTPHeaders: get.headers}
		if get.scheme == "https" {
			action.Scheme = corev1.URISchemeHTTPS
		}
		return corev1.ProbeHandler{HTTPGet: action}
	}
	command := []string(check.Test[1:])
	if check.Test[0] == "CMD-SHELL" {
		command = []string{"/bin/sh", "-c", strings.Join(command, " ")}
	}
	return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}
}

// httpGet is a request that a check sends to its own container.
type httpGet struct {
	scheme  string
	port    int32
	path    string
	headers []corev1.HTTPHeader
	// fails is whether a status of 400 or more fails the check.
	fails bool
}

// httpCheck returns the request of a check that calls curl or wget on localhost and does nothing else, or nil.
func httpCheck(check *types.HealthCheckConfig) *httpGet {
	if check == nil || check.Disable || len(check.Test) < 2 {
		return nil
	}
	words := []string(check.Test[1:])
	if check.Test[0] == "CMD-SHELL" {
		words = shellWords(strings.Join(words, " "))
	}
	call := parseCall(words)
	if call == nil {
		return nil
	}
	address := call.address
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || !isLocal(u.Hostname()) || strings.Contains(address, "$") {
		return nil
	}
	get := &httpGet{scheme: u.Scheme, path: u.RequestURI(), headers: call.headers, fails: call.fails, port: hosts.SchemePorts[u.Scheme]}
	if u.Port() != "" {
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return nil
		}
		get.port = int32(n)
	}
	if get.scheme != "http" && get.scheme != "https" || get.port == 0 {
		return nil
	}
	return get
}

func isLocal(host string) bool {
	switch host {
	case "localhost", "127.0.0.1", "::1", "0.0.0.0":
		return true
	}
	return false
}
