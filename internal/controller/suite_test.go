package controller

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var (
	ctx  context.Context
	kube *cluster.Cluster
)

func TestController(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "Controller")
}

var _ = BeforeSuite(func() {
	var cancel context.CancelFunc
	ctx, cancel = context.WithCancel(context.Background())
	DeferCleanup(cancel)
	var err error
	kube, err = cluster.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(kube.Stop()).To(Succeed()) })
	Expect(kube.StartControllers(ctx)).To(Succeed())
})

var _ = It("starts", func() { time.Sleep(3 * time.Second) })
