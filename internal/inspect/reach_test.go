package inspect

import (
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

func deployment(namespace, name string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	labels := map[string]string{"app": name}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template.Labels = labels
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: "example.com/app:1", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}}}
	return d
}

func at(namespace, name string) Place {
	return Place{Key: dependency.Key{Namespace: namespace, Name: name}}
}

// What senders have in common is read once, and one that nothing is known of keeps no other from its answer.
func TestWhoReaches(t *testing.T) {
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "receiver", Name: "api"}, Spec: networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}},
		Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{
			PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}, NamespaceSelector: &metav1.LabelSelector{},
		}}}},
	}}
	create(t, namespace("receiver"), namespace("sender"), policy,
		deployment("receiver", "api"), deployment("receiver", "web"), deployment("receiver", "batch"), deployment("sender", "web"), deployment("sender", "batch"))
	// He may read what is in one namespace, in another one all but NetworkPolicies, nothing in a third one, and no namespace itself.
	read := func(group string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"get", "list"}}
	}
	user := userWho(t, "half", "receiver", read("", "pods", "services"), read("apps", "deployments"), read("networking.k8s.io", "networkpolicies"))
	if err := cluster.Grant(t.Context(), kube, "half", "sender", "half", read("", "pods", "services"), read("apps", "deployments")); err != nil {
		t.Fatal(err)
	}
	from := []Place{at("closed", "nobody"), at("receiver", "web"), at("receiver", "batch"), at("receiver", "nobody"), at("sender", "web"), at("sender", "batch")}
	to := at("receiver", "api")
	const absent = "there is no Deployment nobody in namespace %s, and no Service with pods of that name"
	inClosed, inReceiver := fmt.Sprintf(absent, "closed"), fmt.Sprintf(absent, "receiver")

	reader := &counted{Reader: kube}
	all, err := WhoReaches(t.Context(), reader, from, to)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"nobody false " + inClosed, "web true ", "batch false ", "nobody false " + inReceiver, "web true ", "batch false "}
	if got := words(from, all); !slices.Equal(got, want) {
		t.Errorf("an administrator gets\n%q\nwant\n%q", got, want)
	}
	for i, r := range all {
		if r.CannotSee == "" && (r.Port != 8080 || r.Protocol != corev1.ProtocolTCP || (r.Cure == "") != r.Allowed) {
			t.Errorf("%s: %+v", from[i], r)
		}
	}
	// A Deployment and its pods for each of 4 senders and the receiver, 2 for each nobody; the receiver's Service; 2 namespaces and their policies; the
	// Microservices of 2 blocked senders and the receiver.
	if want := 5*2 + 2*2 + 1 + 2*2 + 3; reader.requests != want {
		t.Errorf("%d requests, want %d", reader.requests, want)
	}

	all, err = WhoReaches(t.Context(), user, from, to)
	if err != nil {
		t.Fatal(err)
	}
	want = []string{"nobody false forbidden", "web true ", "batch false ", "nobody false " + inReceiver, "web false forbidden", "batch false forbidden"}
	if got := words(from, all); !slices.Equal(got, want) {
		t.Errorf("who may read one namespace gets\n%q\nwant\n%q", got, want)
	}
	const hidden = "cannot see the labels of namespace receiver: rules for others than its name are taken not to include it"
	for _, r := range all[1:3] {
		if want := []string{fmt.Sprintf("no pod of %s runs", r.From), hidden, "no pod of receiver/api runs"}; !slices.Equal(r.Notes, want) {
			t.Errorf("%s: its notes are %q, want %q", r.From, r.Notes, want)
		}
	}
	for _, sender := range []Place{from[0], from[4]} {
		if _, err := CanReach(t.Context(), user, sender, to); !apierrors.IsForbidden(err) {
			t.Errorf("of %s, which he may not read, he gets %v", sender, err)
		}
	}
	if _, err := CanReach(t.Context(), user, from[3], to); !IsNotFound(err) {
		t.Errorf("of one sender that does not exist he gets %v", err)
	}
	// Nobody can be judged without the receiver.
	if _, err := WhoReaches(t.Context(), user, from[1:], at("closed", "api")); !apierrors.IsForbidden(err) {
		t.Errorf("of a receiver that he may not read he gets %v", err)
	}
}

// words are what is said of each sender.
func words(from []Place, all []Reach) []string {
	var lines []string
	for i, r := range all {
		lines = append(lines, fmt.Sprintf("%s %t %s", from[i].Key.Name, r.Allowed, r.CannotSee))
	}
	return lines
}
