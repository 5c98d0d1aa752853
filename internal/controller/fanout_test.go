package controller

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

var _ = Describe("Neighbours of a change", func() {
	It("are looked at after what somebody has just edited", func() {
		q := priorityqueue.New[reconcile.Request]("neighbours")
		defer q.ShutDown()
		edited := dependency.Key{Namespace: "shop", Name: "edited"}
		enqueue(q, dependency.Key{Namespace: "shop", Name: "a"}, dependency.Key{Namespace: "shop", Name: "b"})
		q.Add(reconcile.Request{NamespacedName: edited})
		first, _ := q.Get()
		Expect(first.NamespacedName).To(Equal(edited))
	})
})
