package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// livePair is shop/web, which depends on api, with the objects that the operator makes.
type livePair struct {
	*liveObjects
	ms, api *v1alpha1.Microservice
}

func newLivePair(t *testing.T) *livePair {
	t.Helper()
	p := &livePair{ms: MakeMicroservice("shop", "web"), api: MakeMicroservice("shop", "api")}
	p.ms.UID, p.api.UID = "1", "2"
	p.ms.Spec.Ports = []v1alpha1.Port{{Name: "http", Port: 80}}
	p.ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "api"}}
	p.api.Spec.Ports = []v1alpha1.Port{{Name: "http", Port: 81}}
	p.liveObjects = &liveObjects{
		scheme: clientgoscheme.Scheme, world: explain.NewWorld(p.ms, p.api), byKind: map[kindIn]map[string]client.Object{}, hidden: sets.New[dependency.Key](),
	}
	for _, list := range inspect.ChildLists(p.ms) {
		p.byKind[kindIn{inspect.KindOf(list), "shop"}] = map[string]client.Object{}
	}
	children, _, err := newRenderer(p.world).children(p.ms)
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		object, err := clientgoscheme.Scheme.New(schema.FromAPIVersionAndKind(child.fields["apiVersion"].(string), child.kind))
		raw, encodeErr := json.Marshal(child.fields)
		if err := errors.Join(err, encodeErr, json.Unmarshal(raw, object)); err != nil {
			t.Fatal(err)
		}
		p.byKind[kindIn{child.kind, "shop"}]["web"] = object.(client.Object)
	}
	return p
}

func liveChild[T client.Object](p *livePair, kind string) T {
	return p.byKind[kindIn{kind, "shop"}]["web"].(T)
}

func (p *livePair) deployment() *appsv1.Deployment {
	return liveChild[*appsv1.Deployment](p, kindDeployment)
}

func TestDrift(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*livePair)
		// want are lines of standard output, hidden of standard error.
		want, hidden string
	}{
		"nothing was changed": {change: func(*livePair) {}},
		"defaults of the server, and fields of others": {change: func(p *livePair) {
			d := p.deployment()
			d.Spec.ProgressDeadlineSeconds = ptr.To[int32](600)
			d.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "now"}
			d.Spec.Template.Spec.SchedulerName = "default-scheduler"
			d.Spec.Template.Spec.Containers = append([]corev1.Container{{Name: "mesh"}}, d.Spec.Template.Spec.Containers...)
			d.Labels["team"] = "a"
			d.Status.Replicas = 5
			liveChild[*corev1.Service](p, "Service").Spec.ClusterIP = "10.0.0.1"
			n := liveChild[*networkingv1.NetworkPolicy](p, kindNetworkPolicy)
			for i := range n.Spec.Egress {
				for j := range n.Spec.Egress[i].Ports {
					n.Spec.Egress[i].Ports[j].EndPort = ptr.To[int32](1)
				}
			}
		}},
		"an image and a size": {
			change: func(p *livePair) {
				d := p.deployment()
				d.Spec.Replicas = ptr.To[int32](7)
				d.Spec.Template.Spec.Containers[0].Image = "example.com/other:1"
			},
			want: "Deployment/shop/web .spec.replicas is 7, want 1\n" +
				`Deployment/shop/web .spec.template.spec.containers.app.image is "example.com/other:1", want "IMAGE"`,
		},
		"a false that matters": {
			change: func(p *livePair) { p.deployment().Spec.Template.Spec.AutomountServiceAccountToken = ptr.To(true) },
			want:   "Deployment/shop/web .spec.template.spec.automountServiceAccountToken is true, want false",
		},
		"an owner that is gone": {
			change: func(p *livePair) { liveChild[*corev1.Service](p, "Service").OwnerReferences = nil },
			want:   `Service/shop/web .metadata.ownerReferences is not set, want [{"apiVersion":"apps.microservice.dev/v1alpha1","blockOwnerDeletion":true,"controller":true,"kind":"Microservice","name":"web","uid":"1"}]`,
		},
		"a policy that selects fewer pods": {
			change: func(p *livePair) {
				liveChild[*networkingv1.NetworkPolicy](p, kindNetworkPolicy).Spec.PodSelector.MatchLabels["a"] = "b"
			},
			want: `NetworkPolicy/shop/web .spec.podSelector.matchLabels.a is "b", want not set`,
		},
		"an object is missing": {
			change: func(p *livePair) { delete(p.byKind[kindIn{"Service", "shop"}], "web") },
			want:   "Service/shop/web is missing",
		},
		"the first start is held": {change: func(p *livePair) {
			delete(p.byKind[kindIn{kindDeployment, "shop"}], "web")
			p.ms.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Reason: v1alpha1.ReasonWaitingForDependency}}
		}},
		"a kind may not be read": {
			change: func(p *livePair) { delete(p.byKind, kindIn{kindDeployment, "shop"}) },
			hidden: "Deployment/shop/web: cannot see: forbidden",
		},
		"a Service may not be read": {
			change: func(p *livePair) {
				p.ms.Spec.Dependencies = append(p.ms.Spec.Dependencies, v1alpha1.Dependency{Name: "db", Service: &v1alpha1.ObjectReference{Name: "db", Namespace: "data"}})
				p.hidden.Insert(dependency.Key{Namespace: "data", Name: "db"})
			},
			hidden: "NetworkPolicy/shop/web: cannot see: it depends on Service data/db\nDeployment/shop/web: cannot see: it depends on Service data/db",
		},
		"others may depend on it": {
			change: func(p *livePair) {
				p.partial = true
				p.ms.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
			},
			hidden: "NetworkPolicy/shop/web: cannot see: Microservices of other namespaces may depend on it\nDeployment/shop/web: cannot see: Microservices of other namespaces may depend on it",
		},
		"consent depends on labels": {
			change: func(p *livePair) {
				p.api.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromSelector}
			},
			hidden: "NetworkPolicy/shop/web: cannot see: it depends on the labels of namespaces\nDeployment/shop/web: cannot see: it depends on the labels of namespaces",
		},
		"a spec that cannot be used": {
			change: func(p *livePair) {
				p.ms.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromSelector, Selector: &metav1.LabelSelector{
					MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}},
				}}
			},
			hidden: `rendering shop/web: spec.allowedDependents.selector: "Near" is not a valid label selector operator: the operator makes no objects of it`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newLivePair(t)
			tc.change(p)
			answer := &comparison{}
			r := newRenderer(p.world)
			r.around = p.around
			if err := p.compare(p.ms, r, answer); err != nil {
				t.Fatal(err)
			}
			out, said := &bytes.Buffer{}, &bytes.Buffer{}
			o := &options{IOStreams: genericiooptions.IOStreams{Out: out, ErrOut: said}}
			if err := o.printComparison(answer, "text"); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.TrimSpace(out.String()), strings.ReplaceAll(tc.want, "IMAGE", p.ms.Spec.Image); got != want {
				t.Errorf("drift:\n%s\nwant\n%s", got, want)
			}
			if got := strings.TrimSpace(said.String()); got != tc.hidden {
				t.Errorf("hidden:\n%s\nwant\n%s", got, tc.hidden)
			}
		})
	}
}
