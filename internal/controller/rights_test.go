package controller

import (
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// neverSent are the rights that are needed without a request that uses them.
var neverSent = sets.New(
	// The admission plugin OwnerReferencesPermissionEnforcement, which runs here, asks for it when an owner reference
	// blocks the owner's deletion.
	"update apps.microservice.dev/microservices/finalizers",
)

// usedRights is the name of the report entry with the rights that the specs of one process used.
const usedRights = "used rights"

var _ = AfterSuite(func() {
	used := sets.New[string]()
	By("sending one request more, so that all before it are logged")
	last := types.NamespacedName{Namespace: "default", Name: "last-request"}
	c, err := client.New(operatorConfig, client.Options{Scheme: NewScheme()})
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Get(ctx, last, &v1alpha1.Microservice{})).To(Satisfy(apierrors.IsNotFound))
	Eventually(func(g Gomega) {
		calls, err := audit.Next(sets.New("operator"))
		g.Expect(err).NotTo(HaveOccurred())
		isLast := func(c cluster.Call) bool { return c.ObjectRef.Name == last.Name }
		done := slices.ContainsFunc(calls, isLast)
		note(used, slices.DeleteFunc(calls, isLast))
		g.Expect(done).To(BeTrue())
	}).Should(Succeed())
	AddReportEntry(usedRights, strings.Join(sets.List(used), "\n"), ReportEntryVisibilityNever)
})

// All specs together are what the rights are for. They may have run in several processes.
var _ = ReportAfterSuite("the manager's rights", func(report Report) {
	suite := report.SuiteConfig
	if !report.SuiteSucceeded || len(suite.FocusStrings)+len(suite.SkipStrings)+len(suite.FocusFiles) > 0 {
		return // not all specs ran
	}
	used, granted := sets.New[string](), grantedRights()
	for _, spec := range report.SpecReports {
		for _, entry := range spec.ReportEntries {
			if entry.Name == usedRights {
				used.Insert(strings.Split(entry.StringRepresentation(), "\n")...)
			}
		}
	}
	Expect(sets.List(granted.Difference(used.Union(neverSent)))).To(BeEmpty(), "rights that nothing uses")
	Expect(sets.List(used.Difference(granted))).To(BeEmpty(), "rights that are used and not granted")
})

func note(used sets.Set[string], calls []cluster.Call) {
	for i := range calls {
		c := &calls[i]
		if c.ObjectRef.Resource == "" || c.ResponseStatus.Code == http.StatusForbidden {
			continue
		}
		right := " " + c.ObjectRef.APIGroup + "/" + c.Resource()
		used.Insert(c.Verb + right)
		if c.Verb == "patch" && c.ResponseStatus.Code == http.StatusCreated {
			used.Insert("create" + right) // a server-side apply of what is not there needs both
		}
	}
}

// grantedRights are those of the role, and of the roles for kinds that a cluster may lack.
func grantedRights() sets.Set[string] {
	GinkgoHelper()
	granted := sets.New[string]()
	for _, file := range append([]string{cluster.OperatorRole}, cluster.OptionalRoles...) {
		role, err := cluster.ReadRole(file)
		Expect(err).NotTo(HaveOccurred())
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						granted.Insert(verb + " " + group + "/" + resource)
					}
				}
			}
		}
	}
	return granted
}

var _ = Describe("The manager's role", func() {
	It("has no wildcard, no secrets, and nothing that leads to other rights", func() {
		for right := range grantedRights() {
			verb, resource, _ := strings.Cut(right, " ")
			Expect(right).NotTo(ContainSubstring("*"))
			Expect([]string{"escalate", "bind", "impersonate", "deletecollection"}).NotTo(ContainElement(verb))
			for _, dangerous := range []string{
				"/secrets", "/pods/exec", "/pods/attach", "/pods/portforward", "/serviceaccounts/token", "/nodes", "roles", "rolebindings",
				"certificatesigningrequests", "webhookconfigurations", "customresourcedefinitions",
			} {
				Expect(resource).NotTo(HaveSuffix(dangerous))
			}
			if strings.HasSuffix(resource, "/pods") {
				Expect(verb).To(Equal("list"), "it makes no pods")
			}
		}
	})
})

var _ = Describe("An event that is told again", func() {
	It("becomes a series, which is a patch of the first", func() {
		ms := MakeMicroservice(newNamespace(), "web")
		create(ms)
		eventually(ms, available)
		settled(ms.Namespace)
		now := stored(ms)
		for range 2 {
			operator.reconciler.Recorder.Eventf(now, nil, corev1.EventTypeNormal, "Again", "Test", "told again")
		}
		Eventually(func() bool {
			return slices.ContainsFunc(eventsOf(ms.Namespace, ms.Name), func(e eventsv1.Event) bool {
				return e.Reason == "Again" && e.Series != nil
			})
		}).Should(BeTrue())
	})
})

var _ = Describe("An API server that does not stream lists", func() {
	It("is listed, and nothing is different", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		refusing := cluster.Intercept(operatorConfig, func(next http.RoundTripper, q *http.Request) (*http.Response, error) {
			if q.URL.Query().Has("sendInitialEvents") {
				return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
			}
			return next.RoundTrip(q)
		})
		requests.Reset()
		o := startOperator(requests.Wrap(refusing))
		defer o.stop()
		ms := MakeMicroservice(newNamespace(), "web")
		ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "db", Service: &v1alpha1.ObjectReference{Name: "db"}}}
		create(ms)
		eventually(ms, available)
		// Services are listed twice: our own children, and all of them since one is named.
		for resource, times := range map[string]int{"deployments": 1, "services": 2, "endpointslices": 1} {
			lists := slices.DeleteFunc(requests.Lists(resource, ""), func(r cluster.Request) bool { return r.Code != http.StatusOK })
			Expect(lists).To(HaveLen(times), resource)
		}
	})
})
