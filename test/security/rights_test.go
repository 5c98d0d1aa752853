package security_test

import (
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// resources are what rights are asked about: ours, those of our children, and those that lead to more rights.
var resources = []string{
	"apps.microservice.dev/microservices", "apps.microservice.dev/microservices/status", "apps.microservice.dev/microservices/scale",
	"apps.microservice.dev/microservices/finalizers",
	"/services", "/serviceaccounts", "/serviceaccounts/token", "/secrets", "/configmaps", "/namespaces", "/nodes", "/events",
	"/pods", "/pods/exec", "/pods/attach", "/pods/portforward", "/pods/log", "/pods/ephemeralcontainers",
	"apps/deployments", "apps/deployments/scale", "apps/replicasets", "apps/daemonsets", "batch/jobs",
	"networking.k8s.io/networkpolicies", "networking.k8s.io/ingresses", "policy/poddisruptionbudgets",
	"autoscaling/horizontalpodautoscalers", "discovery.k8s.io/endpointslices", "events.k8s.io/events", "coordination.k8s.io/leases",
	"rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings", "rbac.authorization.k8s.io/clusterroles",
	"rbac.authorization.k8s.io/clusterrolebindings", "admissionregistration.k8s.io/validatingadmissionpolicies",
	"admissionregistration.k8s.io/mutatingwebhookconfigurations", "apiextensions.k8s.io/customresourcedefinitions",
	"certificates.k8s.io/certificatesigningrequests", "authentication.k8s.io/tokenreviews", "authorization.k8s.io/subjectaccessreviews",
}

var verbs = []string{
	"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "escalate", "bind", "approve",
}

const (
	reading  = "get list watch"
	editing  = "get list watch create update patch delete"
	watching = "list watch"                         // what the operator does to keep a cache
	owning   = "get list watch create patch delete" // and with children
)

// allowed are the rights of each actor: by namespace, or everywhere where it is empty, verbs by resource. Nothing else.
// This is written by hand, as the expected rights; the API server is asked for the actual ones.
var allowed = map[string]map[string]map[string]string{
	"system:anonymous": {},
	"nobody":           {},
	"viewer-a": {tenantA: {
		"apps.microservice.dev/microservices": reading, "apps.microservice.dev/microservices/status": "get",
	}},
	"editor-a": {tenantA: {
		"apps.microservice.dev/microservices": editing, "apps.microservice.dev/microservices/scale": editing,
		"apps.microservice.dev/microservices/status": "get",
	}},
	"admin-a": {tenantA: {
		"apps.microservice.dev/microservices":        editing + " deletecollection",
		"apps.microservice.dev/microservices/scale":  editing + " deletecollection",
		"apps.microservice.dev/microservices/status": "get",
	}},
	"editor-b": {tenantB: {
		"apps.microservice.dev/microservices": editing, "apps.microservice.dev/microservices/scale": editing,
		"apps.microservice.dev/microservices/status": "get",
	}},
	"scraper": {},
	operator: {
		"": {
			"apps.microservice.dev/microservices": reading, "apps.microservice.dev/microservices/status": "patch",
			"apps.microservice.dev/microservices/finalizers": "update",
			"/services": owning, "/serviceaccounts": owning, "apps/deployments": "get list watch create patch", "networking.k8s.io/networkpolicies": owning,
			"policy/poddisruptionbudgets": owning, "autoscaling/horizontalpodautoscalers": owning,
			"/namespaces": watching, "discovery.k8s.io/endpointslices": watching,
			"/pods": "list", "/events": "list", "apps/replicasets": "list", "events.k8s.io/events": "create patch",
			"authentication.k8s.io/tokenreviews": "create", "authorization.k8s.io/subjectaccessreviews": "create",
		},
		systemN: {"coordination.k8s.io/leases": "create", "/events": "create patch"},
	},
}

// TestWhoMayDoWhat asks the API server's authorizer about each actor, verb, resource and namespace.
func TestWhoMayDoWhat(t *testing.T) {
	asked := 0
	for actor, rights := range allowed {
		for _, namespace := range []string{tenantA, tenantB, systemN, "kube-system"} {
			for _, resource := range resources {
				for _, verb := range verbs {
					want := slices.Contains(strings.Fields(rights[namespace][resource]+" "+rights[""][resource]), verb)
					if got := may(t, actor, verb, resource, namespace); got != want {
						t.Errorf("%s may %s %s in %s: %v, want %v", actor, verb, resource, namespace, got, want)
					}
					asked++
				}
			}
		}
	}
	t.Logf("%d questions", asked)
}

func may(t *testing.T, actor, verb, resource, namespace string) bool {
	t.Helper()
	group, name, _ := strings.Cut(resource, "/")
	name, subresource, _ := strings.Cut(name, "/")
	groups := []string{"system:authenticated"}
	switch {
	case actor == "system:anonymous":
		groups = []string{"system:unauthenticated"}
	case strings.HasPrefix(actor, "system:serviceaccount:"):
		groups = append(groups, "system:serviceaccounts", "system:serviceaccounts:"+strings.Split(actor, ":")[2])
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: actor, Groups: groups,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: verb, Group: group, Resource: name, Subresource: subresource,
		},
	}}
	if err := admin.Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}

// TestOperatorsLease: the operator holds its own lease and no other.
func TestOperatorsLease(t *testing.T) {
	for lease, want := range map[string]bool{"microservice-operator.apps.microservice.dev": true, "kube-scheduler": false} {
		for _, verb := range []string{"get", "update"} {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: operator,
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Namespace: systemN, Verb: verb, Group: "coordination.k8s.io", Resource: "leases", Name: lease,
				},
			}}
			if err := admin.Create(t.Context(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != want {
				t.Errorf("it may %s the lease %s: %v, want %v", verb, lease, review.Status.Allowed, want)
			}
		}
	}
}

// TestWhoMayScrape: only who has the role reads /metrics.
func TestWhoMayScrape(t *testing.T) {
	for actor := range allowed {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:                  actor,
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"},
		}}
		if err := admin.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		if want := actor == "scraper"; review.Status.Allowed != want {
			t.Errorf("%s may read /metrics: %v, want %v", actor, review.Status.Allowed, want)
		}
	}
}
