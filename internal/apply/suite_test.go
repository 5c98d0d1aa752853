package apply_test

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

const annotation = "example.com/applied"

var (
	kube  *cluster.Cluster
	admin client.Client
)

func TestMain(m *testing.M) {
	cluster.Run(m, func(c *cluster.Cluster) (err error) {
		kube = c
		admin, err = cluster.NewClient(c.Config)
		return err
	})
}

// newApplier writes and looks through the client.
func newApplier(c client.Client) *apply.Applier {
	return &apply.Applier{Client: c, APIReader: c, Observer: &observer{}, Clock: clock.RealClock{}, FieldOwner: "door", Annotation: annotation}
}

// observer keeps what it was told.
type observer struct{ told []string }

func (o *observer) WroteAt(_ types.NamespacedName, kind, version string) {
	o.told = append(o.told, "wrote "+kind+" "+version)
}

func (o *observer) Deleting(_ types.NamespacedName, kind string, uid types.UID) {
	o.told = append(o.told, "deleting "+kind+" "+string(uid))
}

func (o *observer) DeletionFailed(_ types.NamespacedName, kind string) {
	o.told = append(o.told, "deletion of "+kind+" failed")
}

var names atomic.Int64

// newName is one that no other test uses.
func newName() string {
	return fmt.Sprintf("owner-%d", names.Add(1))
}

func kindName[T any]() string {
	return reflect.TypeFor[T]().Name()
}

// newOwner is an object that can own children: a stored ConfigMap with a name that no other test uses.
func newOwner(t testing.TB) *corev1.ConfigMap {
	t.Helper()
	owner := &corev1.ConfigMap{}
	owner.Namespace, owner.Name = "default", newName()
	if err := admin.Create(context.Background(), owner); err != nil {
		t.Fatal(err)
	}
	return owner
}

func ownerReference(owner client.Object) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().WithAPIVersion("v1").WithKind("ConfigMap").
		WithName(owner.GetName()).WithUID(owner.GetUID()).WithController(true)
}

func desiredDeployment(owner client.Object) *appsv1ac.DeploymentApplyConfiguration {
	pods := map[string]string{"app": owner.GetName()}
	return appsv1ac.Deployment(owner.GetName(), owner.GetNamespace()).
		WithOwnerReferences(ownerReference(owner)).
		WithLabels(pods).
		WithSpec(appsv1ac.DeploymentSpec().
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(pods).WithSpec(corev1ac.PodSpec().
				WithEnableServiceLinks(false).
				WithSecurityContext(corev1ac.PodSecurityContext().WithRunAsNonRoot(true)).
				WithContainers(corev1ac.Container().WithName("app").WithImage("example.com/app:1").
					WithArgs("serve", "--fast").
					WithEnv(corev1ac.EnvVar().WithName("LEVEL").WithValue("info")).
					WithPorts(
						corev1ac.ContainerPort().WithName("http").WithContainerPort(8080).WithProtocol(corev1.ProtocolTCP),
						corev1ac.ContainerPort().WithName("dns").WithContainerPort(53),
						corev1ac.ContainerPort().WithName("dns-udp").WithContainerPort(53).WithProtocol(corev1.ProtocolUDP)).
					WithReadinessProbe(corev1ac.Probe().WithPeriodSeconds(7).
						WithTCPSocket(corev1ac.TCPSocketAction().WithPort(intstr.FromInt32(8080))))))))
}

// desiredOf is one child of each kind, by kind.
func desiredOf(owner client.Object) map[string]any {
	name, namespace, pods := owner.GetName(), owner.GetNamespace(), map[string]string{"app": owner.GetName()}
	return map[string]any{
		"Deployment": desiredDeployment(owner).WithSpec(desiredDeployment(owner).Spec.WithReplicas(2)),
		"Service": corev1ac.Service(name, namespace).WithOwnerReferences(ownerReference(owner)).
			WithSpec(corev1ac.ServiceSpec().WithSelector(pods).WithPorts(corev1ac.ServicePort().
				WithName("http").WithPort(80).WithTargetPort(intstr.FromInt32(8080)).WithProtocol(corev1.ProtocolTCP))),
		"ServiceAccount": corev1ac.ServiceAccount(name, namespace).WithOwnerReferences(ownerReference(owner)).
			WithAutomountServiceAccountToken(false),
		"NetworkPolicy": networkingv1ac.NetworkPolicy(name, namespace).WithOwnerReferences(ownerReference(owner)).
			WithSpec(networkingv1ac.NetworkPolicySpec().WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
				WithPolicyTypes("Ingress", "Egress")),
		"PodDisruptionBudget": policyv1ac.PodDisruptionBudget(name, namespace).WithOwnerReferences(ownerReference(owner)).
			WithSpec(policyv1ac.PodDisruptionBudgetSpec().WithMaxUnavailable(intstr.FromInt32(1)).
				WithSelector(metav1ac.LabelSelector().WithMatchLabels(pods))),
		"HorizontalPodAutoscaler": autoscalingv2ac.HorizontalPodAutoscaler(name, namespace).WithOwnerReferences(ownerReference(owner)).
			WithSpec(autoscalingv2ac.HorizontalPodAutoscalerSpec().WithMinReplicas(2).WithMaxReplicas(5).
				WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().
					WithAPIVersion("apps/v1").WithKind("Deployment").WithName(name))),
	}
}

// applied is a Deployment as desired that was changed since it was created: its fields are ours as an applier.
func applied(t testing.TB, door *apply.Applier, owner client.Object) *appsv1.Deployment {
	t.Helper()
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner).WithAnnotations(map[string]string{"first": "apply"}), nil))
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), read[appsv1.Deployment](t, owner)))
	return read[appsv1.Deployment](t, owner)
}

// read is the object of the owner's name; nil when there is none.
func read[T any, P apply.Object[T]](t testing.TB, owner client.Object) P {
	t.Helper()
	child := P(new(T))
	err := admin.Get(context.Background(), client.ObjectKeyFromObject(owner), child)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return child
}

// putDeployment puts through a fresh batch and gives the changes.
func putDeployment(door *apply.Applier, owner client.Object, desired any, current *appsv1.Deployment, options ...apply.Option) []apply.Change {
	b := door.NewBatch(owner, false)
	apply.Apply(context.Background(), b, desired, current, options...)
	return b.Changes()
}

func mustSucceed(t testing.TB, changes []apply.Change) {
	t.Helper()
	for _, c := range changes {
		if c.Err != nil {
			t.Fatalf("%s %s: %v", c.Verb, c.Kind, c.Err)
		}
	}
}

// put puts what is desired over what is there through a fresh batch, and gives the changes.
func put[T any, P apply.Object[T]](t testing.TB, door *apply.Applier, owner client.Object, desired any) []apply.Change {
	t.Helper()
	b := door.NewBatch(owner, false)
	apply.Apply[T, P](context.Background(), b, desired, read[T, P](t, owner))
	return b.Changes()
}
