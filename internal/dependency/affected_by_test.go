package dependency_test

import (
	"math/rand"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestConcerns(t *testing.T) {
	twoPorts := func(http, grpc int32) change {
		return ports(v1alpha1.Port{Name: "http", Port: http, TargetPort: 8080}, v1alpha1.Port{Name: "grpc", Port: grpc})
	}
	only := func(target int32, protocol corev1.Protocol) change {
		return ports(v1alpha1.Port{Name: "http", Port: 80, TargetPort: target, Protocol: protocol})
	}
	unavailableToAll := both(admits("All"), unavailable)
	ofTeam := func(team string) change {
		return admitsWhere(metav1.LabelSelector{MatchLabels: map[string]string{"team": team}})
	}
	image := func(ms *v1alpha1.Microservice) { ms.Spec.Image = "payments:2" }
	counters := func(ms *v1alpha1.Microservice) {
		ms.Status.Replicas, ms.Status.AvailableReplicas, ms.Status.DependentCount = 5, 4, 3
		ms.Status.Conditions[0].Message, ms.Status.Conditions[0].ObservedGeneration = "4 of 5 replicas are available", 7
	}
	plain := func(*v1alpha1.Microservice) {}
	atZero := func(ms *v1alpha1.Microservice) { ms.Status.Conditions[0].Reason = v1alpha1.ReasonScaledToZero }
	starting := func(ms *v1alpha1.Microservice) {
		unavailable(ms)
		ms.Status.Conditions[0].Reason = v1alpha1.ReasonStartingFromZero
	}
	wasParked := func(ms *v1alpha1.Microservice) { ms.Status.Conditions[0].Reason = v1alpha1.ReasonParked }
	cases := map[string]struct {
		// port is the one that is asked for; "" is the primary one.
		port string
		// A nil change is of a Microservice that is not there.
		before, after change
		// wantOwn and wantForeign tell whether the change affects a dependent of the same namespace, and one of another.
		wantOwn, wantForeign bool
	}{
		"nothing changes":                         {before: plain, after: plain},
		"it appears":                              {after: plain, wantOwn: true},
		"it goes":                                 {before: plain, wantOwn: true},
		"it appears, open to all":                 {after: admits("All"), wantOwn: true, wantForeign: true},
		"it goes, and was open to all":            {before: admits("All"), wantOwn: true, wantForeign: true},
		"it appears, closed to all":               {after: admits("None"), wantOwn: true},
		"consent is given to all":                 {before: plain, after: admits("All"), wantForeign: true},
		"consent is given by selector":            {before: plain, after: ofTeam("shop"), wantForeign: true},
		"consent is given to others":              {before: plain, after: ofTeam("bank")},
		"consent is withdrawn from others":        {before: admits("All"), after: admits("Same"), wantForeign: true},
		"consent is withdrawn from everybody":     {before: admits("All"), after: admits("None"), wantOwn: true, wantForeign: true},
		"consent is said in other words":          {before: admits("All"), after: ofTeam("shop")},
		"consent is written out":                  {before: plain, after: admits("Same")},
		"it becomes unavailable":                  {before: admits("All"), after: unavailableToAll, wantOwn: true, wantForeign: true},
		"it becomes unavailable, closed to us":    {before: plain, after: unavailable, wantOwn: true},
		"it becomes available":                    {before: unavailable, after: plain, wantOwn: true},
		"it is parked":                            {before: plain, after: parked, wantOwn: true},
		"it is parked and then not available":     {before: parked, after: both(parked, unavailable)},
		"its autoscaler stops it":                 {before: plain, after: atZero},
		"its autoscaler starts it":                {before: atZero, after: starting},
		"it started from zero":                    {before: starting, after: plain},
		"it does not start":                       {before: starting, after: unavailable, wantOwn: true},
		"it wakes up, not yet available":          {before: both(parked, unavailable), after: unavailable, wantOwn: true},
		"it wakes up, and does not say so yet":    {before: both(parked, wasParked), after: wasParked, wantOwn: true},
		"it woke up, and says that it is down":    {before: wasParked, after: unavailable},
		"it woke up, and says that it is up":      {before: wasParked, after: plain, wantOwn: true},
		"it is being deleted":                     {before: plain, after: deleted, wantOwn: true},
		"its image changes":                       {before: plain, after: image},
		"its counters change":                     {before: plain, after: counters},
		"its counters change, not available":      {before: unavailable, after: both(unavailable, counters)},
		"the primary port's number changes":       {before: twoPorts(80, 9000), after: twoPorts(81, 9000), wantOwn: true},
		"another port's number changes":           {before: twoPorts(80, 9000), after: twoPorts(80, 9001)},
		"another port comes":                      {before: plain, after: twoPorts(80, 9000)},
		"the named port's number changes":         {port: "grpc", before: twoPorts(80, 9000), after: twoPorts(80, 9001), wantOwn: true},
		"the primary port is not what we ask for": {port: "grpc", before: twoPorts(80, 9000), after: twoPorts(81, 9000)},
		"the named port comes":                    {port: "grpc", before: plain, after: twoPorts(80, 9000), wantOwn: true},
		"the named port goes":                     {port: "grpc", before: twoPorts(80, 9000), after: plain, wantOwn: true},
		"the last port goes":                      {before: plain, after: ports(), wantOwn: true},
		"the target's number changes":             {before: plain, after: only(8081, "TCP"), wantOwn: true},
		"the protocol changes":                    {before: plain, after: only(8080, "UDP"), wantOwn: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, from := range []struct {
				dependent string
				want      bool
			}{{"shop/web", tc.wantOwn}, {"outlet/web", tc.wantForeign}} {
				web := microservice(from.dependent, dependsOn(atPort(on("shop/payments"), tc.port)))
				before, after := changed("shop/payments", tc.before), changed("shop/payments", tc.after)
				namespaces := dependency.Namespaces{"outlet": {"team": "shop"}, "shop": {"team": "shop"}}
				if got := dependency.AffectedBy(web, before, after, namespaces); got != from.want {
					t.Errorf("Concerns(%s) = %v, want %v", from.dependent, got, from.want)
				}
				if seen := sees(web, before, after, namespaces); seen != from.want {
					t.Errorf("what %s resolves to changes: %v, want %v", from.dependent, seen, from.want)
				}
			}
		})
	}
}

func TestConcernsLooksAtEveryAlias(t *testing.T) {
	second := v1alpha1.Dependency{Name: "ledger", Port: "grpc", Microservice: &v1alpha1.ObjectReference{Name: "payments"}}
	web := microservice("web", dependsOn(on("catalog"), v1alpha1.Dependency{Name: "payments"}, second))
	before := microservice("payments")
	after := microservice("payments", ports(before.Spec.Ports[0], v1alpha1.Port{Name: "grpc", Port: 9000}))
	if !dependency.AffectedBy(web, before, after, nil) {
		t.Error("the port that the second alias asks for comes, and nobody looks")
	}
}

func TestConcernsNobodyWhoNamesAnother(t *testing.T) {
	before, after := microservice("payments"), microservice("payments", unavailable)
	for name, dependent := range map[string]*v1alpha1.Microservice{
		"nothing":                             microservice("web"),
		"one of its name elsewhere":           microservice("web", dependsOn(on("bank/payments"))),
		"one of its name, from elsewhere":     microservice("bank/web", dependsOn(v1alpha1.Dependency{Name: "payments"})),
		"its alias for something else":        microservice("web", dependsOn(called("payments", on("bank")))),
		"a Service of its name elsewhere":     microservice("web", dependsOn(onService("bank/payments"))),
		"something outside that has its name": microservice("web", dependsOn(called("payments", onHost("payments")))),
	} {
		if dependency.AffectedBy(dependent, before, after, nil) {
			t.Errorf("who names %s is concerned", name)
		}
	}
}

// Too few looks would leave a dependent behind, too many would let one change flood the queue.
func TestConcernsIsTrueExactlyWhenTheResolutionChanges(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	all := []change{
		unavailable, parked, ports(), admits("None"), admits("All"), admits("Same"),
		admitsWhere(labelled("team", "shop")),
		ports(v1alpha1.Port{Name: "grpc", Port: 9000}, v1alpha1.Port{Name: "http", Port: 80}),
		ports(v1alpha1.Port{Name: "http", Port: 81, TargetPort: 8080}),
		func(ms *v1alpha1.Microservice) { ms.Spec.Image += "1" },
		func(ms *v1alpha1.Microservice) { ms.Status.Replicas++ },
	}
	randomTarget := func() *v1alpha1.Microservice {
		if random.Intn(5) == 0 {
			return nil
		}
		target := microservice("shop/payments")
		for range random.Intn(4) {
			all[random.Intn(len(all))](target)
		}
		return target
	}
	namespaces := dependency.Namespaces{"outlet": {"team": "shop"}}
	met := map[bool]int{}
	for range 5_000 {
		before, after := randomTarget(), randomTarget()
		if before == nil && after == nil {
			continue
		}
		payments := []v1alpha1.Dependency{on("shop/payments"), onService("shop/payments")}[random.Intn(2)]
		web := microservice([]string{"shop/web", "outlet/web", "bank/web"}[random.Intn(3)],
			dependsOn(atPort(payments, []string{"", "http", "grpc"}[random.Intn(3)])))
		want := sees(web, before, after, namespaces)
		if got := dependency.AffectedBy(web, before, after, namespaces); got != want {
			t.Fatalf("Concerns() = %v, want %v\ndependent: %+v\nbefore: %+v\nafter: %+v", got, want, web, before, after)
		}
		met[want]++
	}
	if met[true] < 500 || met[false] < 500 {
		t.Errorf("%d of the random changes are seen, and %d are not", met[true], met[false])
	}
}

// sees reports whether what the dependency resolves to differs.
func sees(dependent, before, after *v1alpha1.Microservice, namespaces dependency.Namespaces) bool {
	resolved := func(target *v1alpha1.Microservice) []dependency.Resolution {
		w := world{namespaces: namespaces}
		if target != nil {
			w.microservices = []*v1alpha1.Microservice{target}
		}
		return w.resolve(dependent)
	}
	return !reflect.DeepEqual(resolved(before), resolved(after))
}

// changed is the Microservice after a change, nil without one.
func changed(name string, c change) *v1alpha1.Microservice {
	if c == nil {
		return nil
	}
	return microservice(name, c)
}

func both(first, second change) change {
	return func(ms *v1alpha1.Microservice) {
		first(ms)
		second(ms)
	}
}
