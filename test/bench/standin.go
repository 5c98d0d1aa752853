package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// standIn does what the Deployment's controller would do: what is asked for is rolled out at once. It is one write for
// each change of a Deployment.
type standIn struct {
	kube client.Client
	work chan *appsv1.Deployment
	// least are the minimums of autoscalers by the name of their Deployment, where it does their part.
	least sync.Map
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
	if w.system.Autoscaler {
		if err := s.followAutoscalers(ctx, w); err != nil {
			return nil, err
		}
	}
	for range standInWorkers {
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case d := <-s.work:
					// A failure shows: the object does not become ready.
					_ = s.act(ctx, d)
				}
			}
		}()
	}
	return s, nil
}

// followAutoscalers has it do the autoscaler's part, too: a Deployment gets the minimum of what targets it.
func (s *standIn) followAutoscalers(ctx context.Context, w *world) error {
	return w.follow(ctx, &autoscalingv2.HorizontalPodAutoscaler{}, func(o client.Object) {
		a := o.(*autoscalingv2.HorizontalPodAutoscaler)
		if a.Spec.ScaleTargetRef.Kind != "Deployment" || a.Spec.MinReplicas == nil {
			return
		}
		key, d := types.NamespacedName{Namespace: a.Namespace, Name: a.Spec.ScaleTargetRef.Name}, &appsv1.Deployment{}
		s.least.Store(key, *a.Spec.MinReplicas)
		if err := w.cache.Get(ctx, key, d); err == nil { // one that comes later is seen when it does
			s.work <- d
		}
	})
}

func (s *standIn) act(ctx context.Context, d *appsv1.Deployment) error {
	if n := s.wanted(d); n > *d.Spec.Replicas {
		body := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, n)
		return s.kube.Patch(ctx, d.DeepCopy(), client.RawPatch(types.MergePatchType, body)) // it is rolled out when the watch has it
	}
	if d.Status.ObservedGeneration == d.Generation {
		return nil
	}
	return s.rolledOut(ctx, d, true)
}

// wanted are the replicas that a Deployment asks for, or the minimum of its autoscaler, which leaves alone who has none.
func (s *standIn) wanted(d *appsv1.Deployment) int32 {
	least, found := s.least.Load(client.ObjectKeyFromObject(d))
	if !found || *d.Spec.Replicas == 0 {
		return *d.Spec.Replicas
	}
	return max(*d.Spec.Replicas, least.(int32))
}

// rolledOut reports that all replicas are updated, and available or not.
func (s *standIn) rolledOut(ctx context.Context, d *appsv1.Deployment, available bool) error {
	n, state := *d.Spec.Replicas, corev1.ConditionTrue // the API server fills in what is not said
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
