package controller

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("Consent across namespaces", func() {
	It("is not needed to look the same: a refused target tells nothing of itself", func() {
		By("naming a Microservice that is there, one that is not, one of a namespace that is not, and the same for Services")
		var worlds []*world
		for _, kind := range []string{"Microservice", "Service"} {
			for _, there := range []string{"available", "parked", "missing", "without a namespace"} {
				worlds = append(worlds, newWorld(kind, there))
			}
		}
		for _, w := range worlds {
			create(w.orders)
		}
		for _, w := range worlds {
			eventually(w.orders, available)
		}
		for _, w := range worlds {
			settled(w.orders.Namespace)
		}
		for _, kind := range []string{"Microservice", "Service"} {
			var first *world
			for _, w := range worlds {
				if w.kind != kind {
					continue
				}
				if first == nil {
					first = w
				}
				Expect(w.visible()).To(Equal(first.visible()), "%s %s", kind, w.there)
				Expect(w.visible()).To(ContainSubstring("NotPermitted"))
				Expect(w.visible()).To(ContainSubstring("does not exist or does not admit"))
			}
		}

		By("writing nothing in the namespace of the target")
		for _, w := range worlds {
			if w.kind == "Microservice" && w.payments != nil {
				Expect(dependents(w.payments)()).To(BeEmpty())
				Expect(stored(w.payments).Status.DependentCount).To(BeZero())
				Expect(ingressPeers(w.payments)).To(BeEmpty())
			}
			Expect(sent(requests, w.target)).To(Equal(w.before))
		}

		By("changing the target in every way but consent")
		requests.Reset()
		for _, w := range worlds {
			if w.payments == nil {
				continue
			}
			edit(w.payments, func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].Port, s.Replicas = 99, new(int32(0)) })
			Eventually(state(w.payments)).Should(Equal("True/Parked"))
			Expect(k8s.Delete(ctx, w.payments)).To(Succeed())
		}
		for _, w := range worlds {
			settled(w.orders.Namespace)
			Expect(sent(requests, w.orders.Namespace)).To(BeEmpty(), "%s %s", w.kind, w.there)
		}
	})

	It("opens both sides when it is given, and closes them when it is taken", func() {
		here, there := newNamespace(), newNamespace()
		payments := MakeMicroservice(there, "payments")
		create(payments)
		orders := abroad(here, there)
		create(orders)
		eventually(payments, available)
		eventually(orders, available)
		settled(here)
		requests.Reset()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
		})
		Eventually(dependencyState(orders, "pay")).Should(Equal("Ready"))
		eventually(orders, available)
		settled(here)
		Expect(sentFor(payments)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(count(sentFor(orders), deploymentWrite)).To(Equal(1))
		Expect(count(sentFor(orders), policyWrite)).To(Equal(1))
		Expect(ingressPeers(payments)).To(Equal([]string{here + "/orders"}))
		Expect(egressPeers(orders)).To(Equal([]string{there + "/payments"}))
		Expect(dependents(payments)()).To(Equal([]string{here + "/orders"}))
		requests.Reset()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.AllowedDependents = nil })
		Eventually(dependencyState(orders, "pay")).Should(HavePrefix("NotPermitted"))
		settled(here)
		Expect(sentFor(payments)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}), "no restart")
		Expect(ingressPeers(payments)).To(BeEmpty())
		Expect(egressPeers(orders)).To(BeEmpty())
		Expect(dependents(payments)()).To(BeEmpty())
	})

	It("follows the labels of namespaces", func() {
		here, there := newNamespace(), newNamespace()
		payments := MakeMicroservice(there, "payments")
		payments.Spec.AllowedDependents = &v1alpha1.AllowedDependents{
			From: v1alpha1.FromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": here}},
		}
		create(payments)
		orders := abroad(here, there)
		create(orders)
		eventually(orders, available)
		eventually(payments, available)
		Expect(dependencyState(orders, "pay")()).To(HavePrefix("NotPermitted"))
		settled(here)
		requests.Reset()
		label(here, "team", here)
		Eventually(dependencyState(orders, "pay")).Should(Equal("Ready"))
		eventually(orders, available)
		settled(here)
		Expect(ingressPeers(payments)).To(Equal([]string{here + "/orders"}))
		Expect(egressPeers(orders)).To(Equal([]string{there + "/payments"}))
		Expect(sentFor(payments)).To(Equal([]string{statusWrite, policyWrite}))
		By("changing a label that nobody selects")
		requests.Reset()
		label(here, "other", "label")
		settled(here)
		Expect(append(sent(requests, here), sent(requests, there)...)).To(BeEmpty())
		By("taking the label away")
		label(here, "team", "none")
		Eventually(dependencyState(orders, "pay")).Should(HavePrefix("NotPermitted"))
		settled(here)
		Expect(sentFor(payments)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(ingressPeers(payments)).To(BeEmpty())
	})
})

var _ = Describe("An operator that is limited to namespaces", func() {
	It("knows dependencies within them, and refuses what it does not look into", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		one, two, other := newNamespace(), newNamespace(), newNamespace()
		o := startOperator(limitedUser(one, two), one, two)
		defer o.stop()
		open := MakeMicroservice(two, "open")
		open.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
		selecting := MakeMicroservice(two, "selecting")
		selecting.Spec.AllowedDependents = &v1alpha1.AllowedDependents{
			From: v1alpha1.FromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: one}},
		}
		web := MakeMicroservice(one, "web")
		for alias, target := range map[string]v1alpha1.ObjectReference{
			"open": {Namespace: two, Name: "open"}, "selecting": {Namespace: two, Name: "selecting"}, "far": {Namespace: other, Name: "far"},
		} {
			web.Spec.Dependencies = append(web.Spec.Dependencies, v1alpha1.Dependency{Name: alias, Microservice: &target})
		}
		web.Spec.Dependencies = append(web.Spec.Dependencies,
			v1alpha1.Dependency{Name: "db", Service: &v1alpha1.ObjectReference{Name: "db"}},
			v1alpha1.Dependency{Name: "far-db", Service: &v1alpha1.ObjectReference{Namespace: other, Name: "db"}})
		create(database(one, "db"))
		create(databaseServer(one, "db"))
		for _, ms := range []*v1alpha1.Microservice{open, selecting, web} {
			create(ms)
			eventually(ms, available)
		}
		Eventually(dependencyState(web, "open")).Should(Equal("Ready"))
		Eventually(dependencyState(web, "db")).Should(Equal("Ready"))
		for _, alias := range []string{"selecting", "far", "far-db"} {
			Expect(dependencyState(web, alias)()).To(And(HavePrefix("NotPermitted"), ContainSubstring("watches only some namespaces")))
		}
		Expect(dependents(open)()).To(Equal([]string{one + "/web"}))
		Expect(dependents(selecting)()).To(BeEmpty())
	})
})

// limitedUser has the rights of the shipped ClusterRole in some namespaces and nowhere else.
func limitedUser(namespaces ...string) *rest.Config {
	GinkgoHelper()
	for _, ns := range namespaces {
		Expect(k8s.Create(ctx, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "limited"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "manager-role"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "limited"}},
		})).To(Succeed())
	}
	config, err := kube.AddUser("limited")
	Expect(err).NotTo(HaveOccurred())
	return config
}

func label(namespace, key, value string) {
	GinkgoHelper()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, key, value)
	Expect(k8s.Patch(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}},
		client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
}

// abroad makes orders, which depends on payments of another namespace under the name of pay.
func abroad(here, there string) *v1alpha1.Microservice {
	orders := MakeMicroservice(here, "orders")
	orders.Spec.Dependencies = []v1alpha1.Dependency{{
		Name: "pay", Microservice: &v1alpha1.ObjectReference{Namespace: there, Name: "payments"},
	}}
	return orders
}

// world is one in which orders names a target of another namespace, which does not admit it or is not there.
type world struct {
	kind, there, target string
	orders, payments    *v1alpha1.Microservice
	// before is what the operator had sent about the target's namespace when orders came.
	before []string
}

func newWorld(kind, there string) *world {
	GinkgoHelper()
	w := &world{kind: kind, there: there, target: "nowhere"}
	if there != "without a namespace" {
		w.target = newNamespace()
	}
	w.orders = abroad(newNamespace(), w.target)
	if d := &w.orders.Spec.Dependencies[0]; kind == "Service" {
		d.Service, d.Microservice, d.Port = d.Microservice, nil, "http"
	}
	if there == "missing" || there == "without a namespace" {
		return w
	}
	if kind == "Service" {
		Expect(k8s.Create(ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.target, Name: "payments"},
			Spec: corev1.ServiceSpec{
				Selector: map[string]string{"app": "payments"},
				Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}},
			},
		})).To(Succeed())
		return w
	}
	w.payments = MakeMicroservice(w.target, "payments")
	w.payments.Spec.Dependencies = []v1alpha1.Dependency{{
		Name: "back", Microservice: &v1alpha1.ObjectReference{Namespace: w.orders.Namespace, Name: "orders"},
	}}
	want := available
	if there == "parked" {
		w.payments.Spec.Replicas, want = new(int32(0)), "True/Parked"
	}
	create(w.payments)
	eventually(w.payments, want)
	settled(w.target)
	w.before = sent(requests, w.target)
	return w
}

// visible is everything that the team of orders can see: its status, its children, the events, what was written in which
// order, and the operator's log. What differs in any case is blanked.
func (w *world) visible() string {
	GinkgoHelper()
	ns := w.orders.Namespace
	var all []string
	add := func(o any) {
		raw, err := json.Marshal(o) // YAML breaks lines by the length of names
		Expect(err).NotTo(HaveOccurred())
		all = append(all, string(raw))
	}
	add(stored(w.orders).Status)
	add(policySpec(w.orders))
	add(deploymentOf(w.orders).Spec.Template)
	add(sent(requests, ns))
	var told []string
	for _, e := range eventsOf(ns, w.orders.Name) {
		told = append(told, e.Type+" "+e.Reason+" "+e.Note)
	}
	slices.Sort(told)
	add(told)
	all = append(all, logs.linesAbout(ns)...)
	seen := strings.NewReplacer(ns, "HERE", w.target, "THERE").Replace(strings.Join(all, "---\n"))
	seen = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z?`).ReplaceAllString(seen, "TIME")
	return regexp.MustCompile(`"(reconcileID":"[^"]+|ts":[0-9.e+]+)`).ReplaceAllString(seen, "ID")
}
