package faults

import (
	"context"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestWhatAClusterMayLack: a service with a route, metrics and a scaler of its own goes through its life while the operator is
// killed after each write that it sends, and Gateway API goes and comes back in the middle. Everything arrives where it should,
// and nobody but the scaler changes the size.
func TestWhatAClusterMayLack(t *testing.T) {
	t.Parallel()
	own := ownEnv(t)
	if err := own.Cluster.InstallOptional(); err != nil {
		t.Fatal(err)
	}
	s := own.openFor(t, Options{})
	s.Proxy.Inject(writes, 0, 1_000_000, func(x *Exchange) {
		x.Send()
		s.Operator.Kill()
		x.Cut()
	})
	out, err := s.Execute(t.Context(), own.lifeOfAService(), anywhere)
	if err != nil {
		t.Fatal(err)
	}
	s.report(t, append(out.Problems, s.unaskedSizes(t, 1, 3, 0, 2)...))
}

// lifeOfAService are the steps, each with what the status says of the optional parts.
func (l *Env) lifeOfAService() []step {
	const pending, missing = "Unknown/Pending", "False/CRDNotInstalled"
	image := func(n int) func(*v1alpha1.MicroserviceSpec) {
		return func(s *v1alpha1.MicroserviceSpec) { s.Image = fmt.Sprintf("example.com/web:%d", n) }
	}
	return []step{
		{name: "create", also: l.optional(pending, 1), do: create("web", func(s *v1alpha1.MicroserviceSpec) {
			s.Autoscaling = &v1alpha1.Autoscaling{External: &v1alpha1.ExternalAutoscaler{}}
			s.Route = &v1alpha1.Route{Hostnames: []string{"a.example.com"}, Gateway: &v1alpha1.GatewayReference{Name: "public"}}
			s.Observability = &v1alpha1.Observability{Metrics: &v1alpha1.Metrics{Port: s.Ports[0].Name}}
		})},
		{name: "up", also: l.optional(pending, 3), do: scale(3)},
		{name: "Gateway API goes", also: l.optional(missing, 3), do: func(context.Context, client.Client, string) error {
			return l.Cluster.RemoveOptional("HTTPRoute", "GRPCRoute")
		}},
		{name: "an image meanwhile", also: l.optional(missing, 3), do: edit("web", image(2))},
		{name: "Gateway API comes", also: l.optional(pending, 3), do: func(context.Context, client.Client, string) error {
			return l.Cluster.InstallOptional("HTTPRoute", "GRPCRoute")
		}},
		{name: "to zero", ready: v1alpha1.ReasonScaledToZero, also: l.optional(pending, 0), do: scale(0)},
		{name: "an image at zero", ready: v1alpha1.ReasonScaledToZero, also: l.optional(pending, 0), do: edit("web", image(3))},
		{name: "up again", also: l.optional(pending, 2), do: scale(2)},
		{name: "none of it", also: l.optional("", 2), do: edit("web", func(s *v1alpha1.MicroserviceSpec) {
			s.Autoscaling, s.Replicas, s.Route, s.Observability = nil, new(int32(2)), nil, nil
		})},
	}
}

// scale does what KEDA does.
func scale(n int32) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, namespace string) error {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"}}
		return c.SubResource("scale").Update(ctx, d, client.WithSubResourceBody(&autoscalingv1.Scale{
			ObjectMeta: d.ObjectMeta, Spec: autoscalingv1.ScaleSpec{Replicas: n},
		}))
	}
}

// optional expects what Routed says, empty for no route and no PodMonitor, and the number of replicas.
func (l *Env) optional(routed string, replicas int32) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, namespace string) error {
		ms, d := &v1alpha1.Microservice{}, &appsv1.Deployment{}
		key := client.ObjectKey{Namespace: namespace, Name: "web"}
		if err := c.Get(ctx, key, ms); err != nil {
			return err
		}
		if err := c.Get(ctx, key, d); err != nil {
			return err
		}
		if *d.Spec.Replicas != replicas || d.Status.AvailableReplicas != replicas {
			return fmt.Errorf("%d of %d replicas are available, want %d", d.Status.AvailableReplicas, *d.Spec.Replicas, replicas)
		}
		said := ""
		if r := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionRouted); r != nil {
			said = fmt.Sprintf("%s/%s", r.Status, r.Reason)
		}
		if said != routed {
			return fmt.Errorf("routed is %q, want %q", said, routed)
		}
		for resource, want := range map[string]bool{
			"podmonitors.v1.monitoring.coreos.com":    routed != "",
			"httproutes.v1.gateway.networking.k8s.io": routed == "Unknown/Pending",
		} {
			gvr, _ := schema.ParseResourceArg(resource)
			_, err := l.Dynamic.Resource(*gvr).Namespace(namespace).Get(ctx, "web", metav1.GetOptions{})
			if client.IgnoreNotFound(err) != nil {
				return err
			}
			if found := err == nil; found != want {
				return fmt.Errorf("%s is there: %t, want %t", resource, found, want)
			}
		}
		return nil
	}
}

// unaskedSizes are those that the Deployment had and nobody asked for.
func (s *Run) unaskedSizes(t *testing.T, asked ...int64) (problems []string) {
	t.Helper()
	events, err := s.History.Events()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if n, found, _ := unstructured.NestedInt64(e.Object.Object, "spec", "replicas"); e.Kind == "Deployment" && found && !slices.Contains(asked, n) {
			problems = append(problems, fmt.Sprintf("O2: the Deployment had the size %d", n))
		}
	}
	return problems
}
