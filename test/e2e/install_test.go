package e2e

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("An installation", Label("install"), Ordered, func() {
	It("is found to be right by kubectl msvc check", func(ctx context.Context) {
		awaitLeader(ctx)
		code, said := msvc(ctx, "check", "-n", "default")
		AddReportEntry("kubectl msvc check", said)
		Expect(code).To(BeZero(), said)
	})

	It("runs within what Pod Security calls restricted, and does not restart", func(ctx context.Context) {
		kubectl(ctx, "label", "--overwrite", "namespace", operatorNamespace, "pod-security.kubernetes.io/enforce=restricted")
		restartOperator(ctx)
		pods := &corev1.PodList{}
		Expect(kube.List(ctx, pods, client.InNamespace(operatorNamespace))).To(Succeed())
		Expect(restarts(pods.Items...)).To(BeZero())
	})

	It("makes a Microservice of a few lines that serves", func(ctx context.Context) {
		const namespace = "e2e-install"
		user := newShell(ctx, namespace)
		deleteLater(namespace)
		applyNormal(ctx, namespace)
		user.run(ctx, "kubectl wait msvc/web --for=condition=Ready --timeout="+patience.String())
		Expect(user.run(ctx, "kubectl get microservices")).To(MatchRegexp(`web +True +Available +1 +1 `))
		user.run(ctx, "kubectl exec deployment/web -- /app get http://127.0.0.1:8080/")
		Expect(user.run(ctx, "kubectl logs deployment/web")).To(Equal("starts\n"))
	})
})
