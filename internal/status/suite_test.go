package status_test

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

var (
	yesterday = metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	now       = metav1.NewTime(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
)

// microservice is shop/web with 3 replicas, in its fourth generation, but for the changes.
func microservice(changes ...func(*v1alpha1.Microservice)) *v1alpha1.Microservice {
	ms := &v1alpha1.Microservice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 4},
		Spec: v1alpha1.MicroserviceSpec{
			Image:    "web:1",
			Replicas: new(int32(3)),
			Ports:    []v1alpha1.Port{{Name: "http", Port: 80}},
		},
		Status: v1alpha1.MicroserviceStatus{ObservedGeneration: -1},
	}
	for _, change := range changes {
		change(ms)
	}
	return ms
}

func parked(ms *v1alpha1.Microservice) { ms.Spec.Replicas = new(int32(0)) }

func autoscaled(ms *v1alpha1.Microservice) {
	ms.Spec.Replicas, ms.Spec.Autoscaling = nil, &v1alpha1.Autoscaling{MaxReplicas: 10}
}

// deployment is that of shop/web, rolled out with 3 of 3 replicas, but for the changes.
func deployment(changes ...func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 7},
		Spec:       appsv1.DeploymentSpec{Replicas: new(int32(3))},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 7, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3,
		},
	}
	progressing("NewReplicaSetAvailable")(d)
	for _, change := range changes {
		change(d)
	}
	return d
}

func progressing(reason string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		said := corev1.ConditionTrue
		if reason == "ProgressDeadlineExceeded" {
			said = corev1.ConditionFalse
		}
		d.Status.Conditions = []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable"},
			{Type: appsv1.DeploymentProgressing, Status: said, Reason: reason},
		}
	}
}

func generationNotObserved(d *appsv1.Deployment) { d.Status.ObservedGeneration = d.Generation - 1 }

// counts sets the wanted replicas, and those that are there, updated and available.
func counts(wanted, there, updated, available int32) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Spec.Replicas = &wanted
		d.Status.Replicas, d.Status.UpdatedReplicas = there, updated
		d.Status.ReadyReplicas, d.Status.AvailableReplicas = available, available
	}
}

// rollingOut is a Deployment with so many updated and available replicas of 3.
func rollingOut(updated, available int32) *appsv1.Deployment {
	return deployment(counts(3, 3, updated, available), progressing("ReplicaSetUpdated"))
}

// seen is an observation where everything is written.
func seen(d *appsv1.Deployment) status.Observation {
	return status.Observation{Deployment: d, Applied: true}
}

// after is ms with the status that the observation gave yesterday.
func after(ms *v1alpha1.Microservice, o status.Observation) *v1alpha1.Microservice {
	ms.Status = status.Compute(ms, o, yesterday)
	return ms
}

func condition(s v1alpha1.MicroserviceStatus, conditionType string) metav1.Condition {
	if c := meta.FindStatusCondition(s.Conditions, conditionType); c != nil {
		return *c
	}
	return metav1.Condition{}
}
