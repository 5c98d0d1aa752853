package argocd_test

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// deployment is that of shop/web, rolled out with 3 of 3 replicas, but for the changes.
func deployment(changes ...func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 7},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 7},
	}
	counts(3, 3, 3, 3)(d)
	progressing("NewReplicaSetAvailable")(d)
	for _, change := range changes {
		change(d)
	}
	return d
}

// counts sets the wanted replicas, and those that are there, updated and available.
func counts(wanted, there, updated, available int32) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Spec.Replicas = &wanted
		d.Status.Replicas, d.Status.UpdatedReplicas = there, updated
		d.Status.ReadyReplicas, d.Status.AvailableReplicas = available, available
	}
}

func progressing(reason string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: reason}}
	}
}

// rolling is under way, with so many updated and available replicas of 3.
func rolling(updated, available int32) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		counts(3, 4, updated, available)(d)
		progressing("ReplicaSetUpdated")(d)
	}
}

// written is an observation of children that are as wanted.
func written(d *appsv1.Deployment) status.Observation {
	return status.Observation{Deployment: d, Applied: true}
}

// looked is written, and the newest pods were read.
func looked(d *appsv1.Deployment, pods ...corev1.Pod) status.Observation {
	seen := written(d)
	seen.Pods = status.Pods{Read: true, Items: pods}
	return seen
}

func withDependencies(seen status.Observation, dependencies ...v1alpha1.DependencyStatus) status.Observation {
	seen.Dependencies = dependencies
	return seen
}

func withAutoscaler(seen status.Observation, active corev1.ConditionStatus, reason, message string) status.Observation {
	seen.Autoscaler = &autoscalingv2.HorizontalPodAutoscaler{}
	seen.Autoscaler.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{
		{Type: autoscalingv2.ScalingActive, Status: active, Reason: reason, Message: message},
	}
	return seen
}

// payments is the dependency of callsPayments.
func payments(state v1alpha1.DependencyState) v1alpha1.DependencyStatus {
	d := v1alpha1.DependencyStatus{Name: "payments", Target: "Microservice/shop/payments", State: state}
	switch state {
	case v1alpha1.DependencyNotFound:
		d.Message = "There is no Microservice shop/payments"
	default:
		d.Message, d.URL = "payments is not available", "http://payments.shop.svc:80"
	}
	return d
}

// pod is one of web's that is not ready.
func pod(app corev1.ContainerStatus, conditions ...corev1.PodCondition) corev1.Pod {
	app.Name, app.Image = "app", "ghcr.io/acme/web:1.4.2"
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-7d9c5b6f4-x2k8p"},
		Status:     corev1.PodStatus{Conditions: conditions, ContainerStatuses: []corev1.ContainerStatus{app}},
	}
}

func waitingPod(reason, message string) corev1.Pod {
	return pod(corev1.ContainerStatus{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
	})
}

func crashingPod() corev1.Pod {
	return pod(corev1.ContainerStatus{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", Message: "no DATABASE_URL"},
		},
	})
}

func homelessPod() corev1.Pod {
	p := pod(corev1.ContainerStatus{}, corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
		Message: "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
	})
	p.Status.ContainerStatuses = nil
	return p
}

// before is ms with the status that the observation gave yesterday.
func before(ms *v1alpha1.Microservice, seen status.Observation) *v1alpha1.Microservice {
	ms.Status = status.Compute(ms, seen, yesterday)
	return ms
}
