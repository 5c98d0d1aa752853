package status_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

func TestComputeConditionOrder(t *testing.T) {
	stalled := status.Observation{Problem: &status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: "no", Stalled: true}}
	shuffled := microservice()
	shuffled.Status.Conditions = []metav1.Condition{
		{Type: "Reconciling", Status: "True"}, {Type: "Available", Status: "True"}, {Type: "Ready", Status: "False"},
	}
	cases := map[string]struct {
		ms   *v1alpha1.Microservice
		seen status.Observation
		want []string
	}{
		"at first": {
			microservice(), seen(nil),
			[]string{"Ready", "Available", "DependenciesReady", "Reconciling"},
		},
		"at first, stalled": {
			microservice(), stalled,
			[]string{"Ready", "Available", "DependenciesReady", "Stalled"},
		},
		"at first, autoscaled": {
			microservice(autoscaled), seen(deployment()),
			[]string{"Ready", "Available", "DependenciesReady", "Autoscaling"},
		},
		"the stored order stays, what is over goes, what is new comes last": {
			shuffled, stalled,
			[]string{"Available", "Ready", "DependenciesReady", "Stalled"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range status.Compute(tc.ms, tc.seen, now).Conditions {
				got = append(got, c.Type)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTraced(t *testing.T) {
	on, off := true, false
	const collector = "http://collector:4317"
	cases := map[string]struct {
		tracing   *v1alpha1.Tracing
		collector string
		want      string // of the condition; empty if it is absent
	}{
		"not asked for":                 {nil, collector, ""},
		"switched off":                  {&v1alpha1.Tracing{Enabled: &off, Instrumentation: "java"}, collector, ""},
		"with a collector":              {&v1alpha1.Tracing{}, collector, "True/CollectorNamed"},
		"with a collector and an agent": {&v1alpha1.Tracing{Enabled: &on, Instrumentation: "java"}, collector, "True/CollectorNamed"},
		"with an agent alone":           {&v1alpha1.Tracing{Instrumentation: "java"}, "", "Unknown/AgentRequested"},
		"without a collector":           {&v1alpha1.Tracing{Enabled: &on}, "", "False/NoCollector"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms, o := microservice(), seen(deployment())
			ms.Spec.Observability = &v1alpha1.Observability{Tracing: tc.tracing}
			plain := status.Compute(microservice(), o, now)
			o.Collector = tc.collector
			computed := status.Compute(ms, o, now)
			got := ""
			if c := meta.FindStatusCondition(computed.Conditions, v1alpha1.ConditionTraced); c != nil {
				got = string(c.Status) + "/" + c.Reason
			}
			if got != tc.want {
				t.Errorf("Traced is %q, want %q", got, tc.want)
			}
			meta.RemoveStatusCondition(&computed.Conditions, v1alpha1.ConditionTraced)
			if diff := cmp.Diff(plain, computed); diff != "" {
				t.Errorf("something else changes with it (-without +with):\n%s", diff)
			}
		})
	}
}

func TestComputeTransitionTimes(t *testing.T) {
	ms := after(microservice(), seen(rollingOut(1, 3)))
	ms.Generation++
	next := status.Compute(ms, seen(deployment(counts(3, 3, 3, 2))), now)
	want := map[string]metav1.Time{
		v1alpha1.ConditionReady:             now,
		v1alpha1.ConditionAvailable:         yesterday,
		v1alpha1.ConditionDependenciesReady: yesterday,
	}
	for _, c := range next.Conditions {
		if !c.LastTransitionTime.Equal(new(want[c.Type])) {
			t.Errorf("%s is %s since %v, want %v", c.Type, c.Status, c.LastTransitionTime, want[c.Type])
		}
		if c.ObservedGeneration != ms.Generation {
			t.Errorf("%s speaks of generation %d, want %d", c.Type, c.ObservedGeneration, ms.Generation)
		}
	}
	if next.ObservedGeneration != ms.Generation {
		t.Errorf("the status speaks of generation %d, want %d", next.ObservedGeneration, ms.Generation)
	}
}

// Another reason or message for the same status is no transition.
func TestComputeTransitionTimeOfANewReason(t *testing.T) {
	ms := after(microservice(), seen(rollingOut(1, 3)))
	next := status.Compute(ms, seen(exceeded()), now)
	if got := condition(next, v1alpha1.ConditionReady).LastTransitionTime; !got.Equal(&yesterday) {
		t.Errorf("Ready is False since %v, want %v", got, yesterday)
	}
	if got := condition(next, v1alpha1.ConditionStalled).LastTransitionTime; !got.Equal(&now) {
		t.Errorf("Stalled is True since %v, want %v", got, now)
	}
}

func TestComputeBoundsMessages(t *testing.T) {
	cases := map[string]string{
		"as long as allowed":               strings.Repeat("a", 1024),
		"a byte too long":                  strings.Repeat("a", 1025),
		"cut inside of a 2-byte character": strings.Repeat("é", 600),
		"cut inside of a 3-byte character": strings.Repeat("€", 400),
		"cut inside of a 4-byte character": strings.Repeat("🚀", 300),
		"cut after 1 byte of 3":            "ab" + strings.Repeat("€", 400),
		"cut after 2 bytes of 3":           "a" + strings.Repeat("€", 400),
		"far too long":                     strings.Repeat("no ", 100_000),
	}
	for name, message := range cases {
		t.Run(name, func(t *testing.T) {
			problem := &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: message}
			s := status.Compute(microservice(), status.Observation{Problem: problem}, now)
			for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionReconciling} {
				got := condition(s, kind).Message
				if len(got) > 1024 || len(got) < min(len(message), 1020) || !utf8.ValidString(got) {
					t.Errorf("message of %s: %d bytes, valid UTF-8 %v", kind, len(got), utf8.ValidString(got))
				}
				if cut := strings.HasSuffix(got, "..."); cut != (len(message) > 1024) {
					t.Errorf("message of %s from %d bytes ends with %q", kind, len(message), got[len(got)-5:])
				}
			}
		})
	}
}

func TestComputeAutoscaling(t *testing.T) {
	says := func(said corev1.ConditionStatus, reason string) *autoscalingv2.HorizontalPodAutoscaler {
		return &autoscalingv2.HorizontalPodAutoscaler{Status: autoscalingv2.HorizontalPodAutoscalerStatus{
			Conditions: []autoscalingv2.HorizontalPodAutoscalerCondition{
				{Type: autoscalingv2.AbleToScale, Status: corev1.ConditionTrue, Reason: "ReadyForNewScale"},
				{Type: autoscalingv2.ScalingActive, Status: said, Reason: reason, Message: "its words"},
			},
		}}
	}
	and := func(hpa *autoscalingv2.HorizontalPodAutoscaler, said autoscalingv2.HorizontalPodAutoscalerCondition) *autoscalingv2.HorizontalPodAutoscaler {
		hpa.Status.Conditions = append(slices.DeleteFunc(hpa.Status.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return c.Type == said.Type
		}), said)
		return hpa
	}
	pending := metav1.Condition{Status: "Unknown", Reason: "AutoscalerPending", Message: "The HorizontalPodAutoscaler has not reported yet"}
	cases := map[string]struct {
		ms   *v1alpha1.Microservice
		hpa  *autoscalingv2.HorizontalPodAutoscaler
		want metav1.Condition
	}{
		"no autoscaling, no condition":    {microservice(), says(corev1.ConditionTrue, "ValidMetricFound"), metav1.Condition{}},
		"no autoscaler yet":               {microservice(autoscaled), nil, pending},
		"an autoscaler that says nothing": {microservice(autoscaled), &autoscalingv2.HorizontalPodAutoscaler{}, pending},
		"an autoscaler that cannot know":  {microservice(autoscaled), says(corev1.ConditionUnknown, "Any"), pending},
		"an autoscaler that works": {
			microservice(autoscaled), says(corev1.ConditionTrue, "ValidMetricFound"),
			metav1.Condition{Status: "True", Reason: "ValidMetricFound", Message: "its words"},
		},
		"an autoscaler without metrics": {
			microservice(autoscaled), says(corev1.ConditionFalse, "FailedGetResourceMetric"),
			metav1.Condition{Status: "False", Reason: "FailedGetResourceMetric",
				Message: "its words; is a metrics server installed? kubectl top pods shows whether it answers"},
		},
		"an autoscaler without an adapter": {
			microservice(autoscaled), says(corev1.ConditionFalse, "FailedGetExternalMetric"),
			metav1.Condition{Status: "False", Reason: "FailedGetExternalMetric", Message: "its words; is the adapter installed that serves this metric?"},
		},
		"an autoscaler that knows no cure": {
			microservice(autoscaled), says(corev1.ConditionFalse, "InvalidMetricSourceType"),
			metav1.Condition{Status: "False", Reason: "InvalidMetricSourceType", Message: "its words"},
		},
		"a container without a request": {
			microservice(autoscaled), and(says(corev1.ConditionFalse, "FailedGetResourceMetric"), autoscalingv2.HorizontalPodAutoscalerCondition{
				Type: autoscalingv2.ScalingActive, Status: corev1.ConditionFalse, Reason: "FailedGetResourceMetric",
				Message: "unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container app of Pod web-1-x",
			}),
			metav1.Condition{Status: "False", Reason: "MissingRequests",
				Message: "Utilization cannot be computed without a request for cpu in container app; set spec.resources.requests.cpu"},
		},
		"an autoscaler at its maximum": {
			microservice(autoscaled), and(says(corev1.ConditionTrue, "ValidMetricFound"), autoscalingv2.HorizontalPodAutoscalerCondition{
				Type: autoscalingv2.ScalingLimited, Status: corev1.ConditionTrue, Reason: "TooManyReplicas", Message: "its words",
			}),
			metav1.Condition{Status: "True", Reason: "ScalingLimited",
				Message: "The autoscaler wants more replicas than spec.autoscaling.maxReplicas (10); raise it if the load is expected"},
		},
		"an autoscaler at its minimum": {
			microservice(autoscaled), and(says(corev1.ConditionTrue, "ValidMetricFound"), autoscalingv2.HorizontalPodAutoscalerCondition{
				Type: autoscalingv2.ScalingLimited, Status: corev1.ConditionTrue, Reason: "TooFewReplicas", Message: "its words",
			}),
			metav1.Condition{Status: "True", Reason: "ValidMetricFound", Message: "its words"},
		},
		"an autoscaler that cannot scale": {
			microservice(autoscaled), and(says(corev1.ConditionTrue, "ValidMetricFound"), autoscalingv2.HorizontalPodAutoscalerCondition{
				Type: autoscalingv2.AbleToScale, Status: corev1.ConditionFalse, Reason: "FailedGetScale", Message: "its words",
			}),
			metav1.Condition{Status: "False", Reason: "FailedGetScale", Message: "its words"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := status.Compute(tc.ms, status.Observation{Deployment: deployment(), Autoscaler: tc.hpa, Applied: true}, now)
			got := condition(s, v1alpha1.ConditionAutoscaling)
			got = metav1.Condition{Status: got.Status, Reason: got.Reason, Message: got.Message}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Autoscaling (-want +got):\n%s", diff)
			}
			if ready := condition(s, v1alpha1.ConditionReady).Status; ready != metav1.ConditionTrue {
				t.Errorf("Ready is %s; autoscaling must not touch it", ready)
			}
		})
	}
}
