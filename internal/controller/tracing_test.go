package controller

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// collector is where the operator of the suite has traced Microservices send traces.
const collector = "http://collector.observability:4317"

var _ = Describe("A traced Microservice", func() {
	It("is told where traces go once it asks, and says so until it does not", func() {
		ms := MakeMicroservice(newNamespace(), "web")
		create(ms)
		eventually(ms, available)
		Expect(variables(ms)).To(BeEmpty())
		Expect(condition(ms, v1alpha1.ConditionTraced)()).To(BeEmpty())
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.Observability = &v1alpha1.Observability{Tracing: &v1alpha1.Tracing{}}
		})
		Eventually(condition(ms, v1alpha1.ConditionTraced)).Should(Equal("True/CollectorNamed"))
		Expect(variables(ms)).To(HaveKeyWithValue("OTEL_EXPORTER_OTLP_ENDPOINT", collector))
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Observability = nil })
		Eventually(condition(ms, v1alpha1.ConditionTraced)).Should(BeEmpty())
		Expect(variables(ms)).To(BeEmpty())
		eventually(ms, available)
	})
})
