package main

import (
	"context"
	"fmt"
	"math/rand"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// graph is custom resources that depend on each other. It needs a system that has dependencies.
type graph struct {
	name string
	n    int
	// namespaces is how many they are spread over.
	namespaces int
	// targets are what the i-th depends on.
	targets func(i int) []int
	// waits holds the first start until what is depended on is available.
	waits bool
}

func (w *world) grow(ctx context.Context, g graph) error {
	objects, err := w.system.objects(w.namespaces[:g.namespaces], 0, g.n)
	if err != nil {
		return err
	}
	for i, o := range objects {
		var dependencies []any
		for j, target := range g.targets(i) {
			to := objects[target]
			dependency := map[string]any{
				"name":         fmt.Sprintf("d%d", j),
				"microservice": map[string]any{"name": to.GetName(), "namespace": to.GetNamespace()},
			}
			if g.waits {
				dependency["startPolicy"] = "AfterAvailable"
			}
			dependencies = append(dependencies, dependency)
		}
		spec := o.Object["spec"].(map[string]any)
		spec["dependencies"] = dependencies
		spec["allowedDependents"] = map[string]any{"from": "All"}
	}
	if err := w.createAll(ctx, objects); err != nil {
		return err
	}
	return w.tracker.await(ctx, 20*time.Minute)
}

// inGraph makes a graph in a cluster of its own, which is a result, and does more with it.
func (b *bench) inGraph(ctx context.Context, g graph, do func(*world) error) error {
	return b.within(ctx, b.system, worldOptions{}, func(w *world) error {
		r, err := w.measure(ctx, g.name+"-create", g.n, g.n, func() error { return w.grow(ctx, g) })
		if err != nil {
			return err
		}
		if r.Rewritten, err = w.rewritten(ctx); err != nil {
			return err
		}
		b.keep(r)
		return do(w)
	})
}

// rewritten is how often the specs of all Deployments in place were written again.
func (w *world) rewritten(ctx context.Context) (int64, error) {
	list := &appsv1.DeploymentList{}
	if err := w.kube.List(ctx, list); err != nil {
		return 0, fmt.Errorf("listing Deployments: %w", err)
	}
	var n int64
	for i := range list.Items {
		n += list.Items[i].Generation - 1
	}
	return n, nil
}

// hub is one that all others depend on. It goes down and up; then it changes in a way that is nothing to them.
func (b *bench) hub(ctx context.Context) error {
	n := b.plan.hub
	return b.inGraph(ctx, graph{name: "hub", n: n + 1, namespaces: 1, targets: func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{0}
	}}, func(w *world) error {
		d := &appsv1.Deployment{}
		key := types.NamespacedName{Namespace: w.namespaces[0], Name: "m00000"}
		for _, event := range []struct {
			name string
			do   func() error
		}{
			{"hub-down", func() error { return w.standIn.rolledOut(ctx, d, false) }},
			{"hub-up", func() error { return w.standIn.rolledOut(ctx, d, true) }},
			{"hub-unseen", func() error {
				more := []byte(`{"status":{"replicas":3,"readyReplicas":3,"availableReplicas":3,"updatedReplicas":3}}`)
				return w.kube.Status().Patch(ctx, d, client.RawPatch(types.MergePatchType, more))
			}},
		} {
			if err := w.kube.Get(ctx, key, d); err != nil {
				return err
			}
			if err := b.record(ctx, w, event.name, n, n+1, event.do); err != nil {
				return err
			}
		}
		return nil
	})
}

// chain waits, link by link, for the next to be available.
func (b *bench) chain(ctx context.Context) error {
	n := b.plan.chain
	return b.inGraph(ctx, graph{name: "chain", n: n, namespaces: 1, waits: true, targets: func(i int) []int {
		if i == n-1 {
			return nil
		}
		return []int{i + 1}
	}}, func(*world) error { return nil })
}

// edgesEach is how many others each of a random graph depends on.
const edgesEach = 4

// random is a graph without cycles; then one edge closes one.
func (b *bench) random(ctx context.Context) error {
	chance, n := rand.New(rand.NewSource(1)), b.plan.graph
	edges := make([][]int, n)
	for i := range edges[:n-1] {
		found := map[int]bool{}
		for range edgesEach {
			to := i + 1 + chance.Intn(n-1-i)
			if !found[to] {
				edges[i] = append(edges[i], to)
			}
			found[to] = true
		}
	}
	return b.inGraph(ctx, graph{name: "random", n: n, namespaces: namespaceCount, targets: func(i int) []int { return edges[i] }}, func(w *world) error {
		objects, err := w.system.objects(w.namespaces, 0, n)
		if err != nil {
			return err
		}
		from, to := objects[edges[0][0]], objects[0]
		return b.record(ctx, w, "random-cycle", 1, n, func() error { return w.addEdge(ctx, from, to) })
	})
}

func (w *world) addEdge(ctx context.Context, from, to *unstructured.Unstructured) error {
	if err := w.kube.Get(ctx, client.ObjectKeyFromObject(from), from); err != nil {
		return err
	}
	spec := from.Object["spec"].(map[string]any)
	dependencies, _ := spec["dependencies"].([]any)
	spec["dependencies"] = append(dependencies, map[string]any{
		"name":         "back",
		"microservice": map[string]any{"name": to.GetName(), "namespace": to.GetNamespace()},
	})
	return w.kube.Update(ctx, from)
}
