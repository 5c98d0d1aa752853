package controller

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("Two operators side by side", func() {
	It("look after their own namespaces, with their own rights and leases, and hand one over without a write", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		for _, ns := range []string{managerNamespace, "shop", "shop-test", "accounts"} {
			create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
		}
		shop, accounts := install("shop"), install("accounts")
		Expect(shop.namespaces).To(Equal([]string{"shop", "shop-test"}))
		Expect(accounts.namespaces).To(Equal([]string{"accounts"}))
		shop.start()
		accounts.start()

		By("having Microservices in all of them, one of which depends on the other operator's")
		ledger := MakeMicroservice("accounts", "ledger")
		ledger.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
		web := MakeMicroservice("shop", "web")
		web.Spec.Dependencies = []v1alpha1.Dependency{{
			Name: "ledger", Microservice: &v1alpha1.ObjectReference{Namespace: "accounts", Name: "ledger"},
		}}
		test := MakeMicroservice("shop-test", "web")
		all := []*v1alpha1.Microservice{ledger, web, test}
		for _, ms := range all {
			create(ms)
		}
		for _, ms := range all {
			eventually(ms, available)
			for _, child := range []client.Object{
				&corev1.ServiceAccount{}, &networkingv1.NetworkPolicy{}, &corev1.Service{}, &appsv1.Deployment{},
			} {
				Expect(exists(ms, child)()).To(BeTrue(), "%T %s/%s", child, ms.Namespace, ms.Name)
			}
		}
		Expect(dependencyState(web, "ledger")()).To(And(HavePrefix("NotPermitted"), ContainSubstring("watches only some namespaces")))
		Expect(egressPeers(web)).To(BeEmpty())
		Expect(ingressPeers(ledger)).To(BeEmpty())
		Expect(dependents(ledger)()).To(BeEmpty())
		shop.staysAtHome()
		accounts.staysAtHome()
		Expect(shop.lease).NotTo(Equal(accounts.lease))
		Expect(holder(shop.lease)()).NotTo(BeEmpty())
		Expect(holder(accounts.lease)()).NotTo(Or(BeEmpty(), Equal(holder(shop.lease)())))

		By("moving a namespace from one to the other")
		pods, version := podsOf(test), stored(test).ResourceVersion
		shop.stop()
		accounts.stop()
		shop.namespaces = []string{"shop"}
		accounts.namespaces = append(accounts.namespaces, "shop-test")
		accounts.grant("shop-test")
		shop.start()
		accounts.start()
		for _, ms := range all {
			owner := shop
			if slices.Contains(accounts.namespaces, ms.Namespace) {
				owner = accounts
			}
			owner.settled(ms.Namespace)
		}
		Expect(append(sent(shop.seen, ""), sent(accounts.seen, "")...)).To(BeEmpty())
		Expect(stored(test).ResourceVersion).To(Equal(version))
		Expect(podsOf(test)).To(HaveLen(len(pods)))
		Expect(podsOf(test)[0].UID).To(Equal(pods[0].UID))
		edit(test, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(test, available)
		shop.staysAtHome()
		accounts.staysAtHome()
		shop.stop()
		accounts.stop()
	})
})

var _ = Describe("An operator that has no rights in one of its namespaces", func() {
	It("is not ready, and begins once it has them", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		allowed, refused := newNamespace(), newNamespace()
		seen := cluster.NewRecorder()
		o, mgr := launchOperator(seen.Wrap(limitedUser(allowed)), func(*ctrl.Options) {}, allowed, refused)
		defer o.stop()
		ready := func() error { return CacheSynced(mgr)(httptest.NewRequest(http.MethodGet, "/readyz", nil)) }
		Eventually(seen.Everything).Should(ContainElement(And(HaveField("Namespace", refused), HaveField("Code", http.StatusForbidden))))
		Expect(ready()).To(MatchError(ContainSubstring("is it allowed in all namespaces?")))
		By("granting them")
		limitedUser(refused)
		Eventually(ready).Should(Succeed())
		ms := MakeMicroservice(refused, "web")
		create(ms)
		eventually(ms, available)
	})
})

const managerNamespace = "microservice-operator-system"

// instance is one of several operators, as config/samples/several-operators installs it.
type instance struct {
	*runningOperator
	seen       *cluster.Recorder
	namespaces []string
	lease      string
	rights     []*unstructured.Unstructured
	user       *rest.Config
}

// install builds a sample and applies all of it but the Deployment, whose arguments are read: the operator runs here.
func install(name string) *instance {
	GinkgoHelper()
	built, err := exec.Command(cluster.Program("kubectl"), "kustomize",
		filepath.Join(cluster.Root(), "config", "samples", "several-operators", name)).Output()
	Expect(err).NotTo(HaveOccurred())
	i := &instance{}
	for document := range strings.SplitSeq(string(built), "\n---\n") {
		object := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(document), object)).To(Succeed())
		switch object.GetKind() {
		case "Deployment":
			d := &appsv1.Deployment{}
			Expect(yaml.UnmarshalStrict([]byte(document), d)).To(Succeed())
			for _, argument := range d.Spec.Template.Spec.Containers[0].Args {
				if list, found := strings.CutPrefix(argument, "--watch-namespaces="); found {
					i.namespaces = strings.Split(list, ",")
				}
				if id, found := strings.CutPrefix(argument, "--leader-election-id="); found {
					i.lease = id
				}
			}
			i.user, err = kube.AddUser(fmt.Sprintf("system:serviceaccount:%s:%s", d.Namespace, d.Spec.Template.Spec.ServiceAccountName))
			Expect(err).NotTo(HaveOccurred())
		case "Role", "RoleBinding":
			i.rights = append(i.rights, object.DeepCopy())
			create(object)
		default:
			create(object)
		}
	}
	return i
}

// grant gives the instance its rights in one more namespace.
func (i *instance) grant(namespace string) {
	GinkgoHelper()
	for _, object := range i.rights {
		if object.GetNamespace() == i.namespaces[0] {
			more := object.DeepCopy()
			more.SetNamespace(namespace)
			create(more)
		}
	}
}

func (i *instance) start() {
	GinkgoHelper()
	i.seen = cluster.NewRecorder()
	i.runningOperator = startOperatorWith(i.seen.Wrap(i.user), func(o *ctrl.Options) {
		o.LeaderElection, o.LeaderElectionID, o.LeaderElectionNamespace = true, i.lease, managerNamespace
		o.LeaderElectionReleaseOnCancel = true
	}, i.namespaces...)
	Eventually(holder(i.lease)).ShouldNot(BeEmpty())
}

// staysAtHome expects that every request was about the instance's own namespaces or its lease, and was allowed.
func (i *instance) staysAtHome() {
	GinkgoHelper()
	everything := i.seen.Everything()
	Expect(everything).NotTo(BeEmpty())
	for _, q := range everything {
		lead := q.Namespace == managerNamespace && (q.Resource == "events" || q.Resource == "leases" && (q.Name == i.lease || q.Verb == "create"))
		Expect(lead || slices.Contains(i.namespaces, q.Namespace)).To(BeTrue(), "%v", q)
		Expect(q.Code).NotTo(Equal(403), "%v", q)
	}
}

// holder is who has a lease, empty for nobody.
func holder(lease string) func() string {
	return func() string {
		l := &coordinationv1.Lease{}
		if err := k8s.Get(ctx, types.NamespacedName{Namespace: managerNamespace, Name: lease}, l); err != nil || l.Spec.HolderIdentity == nil {
			return ""
		}
		return *l.Spec.HolderIdentity
	}
}
