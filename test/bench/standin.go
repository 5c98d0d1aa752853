package main

import (
	"context"
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// standIn does what the Deployment's controller would do: what is asked for is rolled out at once. It is one write for
// each change of a Deployment.
type standIn struct {
	kube client.Client
	work chan *appsv1.Deployment
}

const standInWorkers = 8

func startStandIn(ctx context.Context, w *world) (*standIn, error) {
	s := &standIn{kube: w.kube, work: make(chan *appsv1.Deployment, 100_000)}
	if err := w.follow(ctx, &appsv1.Deployment{}, func(o client.Object) {
		if d := o.(*appsv1.Deployment); d.Namespace != unrelated && d.Status.ObservedGeneration != d.Generation {
			s.work <- d
		}
	}); err != nil {
		return nil, err
	}
	for range standInWorkers {
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case d := <-s.work:
					// A failure shows: the object does not become ready.
					_ = s.rolledOut(ctx, d, true)
				}
			}
		}()
	}
	return s, nil
}

// rolledOut reports that all replicas are updated, and available or not.
func (s *standIn) rolledOut(ctx context.Context, d *appsv1.Deployment, available bool) error {
	n, state := int32(1), corev1.ConditionTrue
	if d.Spec.Replicas != nil {
		n = *d.Spec.Replicas
	}
	ready := n
	if !available {
		ready, state = 0, corev1.ConditionFalse
	}
	body, err := json.Marshal(map[string]any{"status": map[string]any{
		"observedGeneration": d.Generation, "replicas": n, "updatedReplicas": n,
		"readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": n - ready,
		"conditions": []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: state, Reason: "Bench"},
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
		},
	}})
	if err != nil {
		return err
	}
	return s.kube.Status().Patch(ctx, d.DeepCopy(), client.RawPatch(types.MergePatchType, body))
}
