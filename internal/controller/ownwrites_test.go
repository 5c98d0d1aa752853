package controller

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllertest"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

var _ = Describe("What is heard of a kind", func() {
	at := func(namespace, version string) *v1alpha1.Microservice {
		return &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web", ResourceVersion: version}}
	}

	It("is passed on by namespace, and the newest of it to who comes later", func() {
		informer := &controllertest.FakeInformer{}
		kinds := &kinds{heard: map[kind]*heard{}}
		var a, b listener
		listen := func(namespace string, l *listener) {
			i := &namespaceInformer{Informer: informer, heard: kinds.of(&v1alpha1.Microservice{}), namespace: namespace}
			_, err := i.AddEventHandler(l)
			Expect(err).NotTo(HaveOccurred())
		}
		listen("a", &a)
		informer.Add(at("a", "9"))
		informer.Add(at("b", "12"))
		informer.Add(at("b", "11"))
		listen("b", &b)
		Expect(a.versions).To(Equal([]string{"9"}))
		Expect(b.versions).To(Equal([]string{"12"}))
		informer.Update(at("b", "12"), at("b", "20"))
		informer.Delete(at("a", "21"))
		kinds.of(&v1alpha1.Microservice{}).OnDelete(toolscache.DeletedFinalStateUnknown{Obj: at("b", "22")})
		Expect(a.versions).To(Equal([]string{"9", "21"}))
		Expect(b.versions).To(Equal([]string{"12", "20", "22"}))
	})
})

// listener keeps the resource versions that it hears of.
type listener struct{ versions []string }

func (l *listener) OnAdd(now any, _ bool) { l.hear(now) }
func (l *listener) OnUpdate(_, now any)   { l.hear(now) }

func (l *listener) OnDelete(last any) {
	if unknown, ok := last.(toolscache.DeletedFinalStateUnknown); ok {
		last = unknown.Obj
	}
	l.hear(last)
}

func (l *listener) hear(of any) {
	l.versions = append(l.versions, of.(client.Object).GetResourceVersion())
}
