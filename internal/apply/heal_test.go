package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kjson "sigs.k8s.io/json"
)

// collision is two values that cannot stand beside each other in an object of a kind: two of a one-of, or two that a rule
// between fields forbids. Each is JSON that is laid over the intent, with null for what it takes away.
type collision struct {
	kind, name, ours, theirs string
}

// pairs are all ordered pairs of the variants of a one-of.
func pairs(kind, name string, lay func(string) string, variants map[string]string) []collision {
	var all []collision
	for _, mine := range slices.Sorted(maps.Keys(variants)) {
		for _, other := range slices.Sorted(maps.Keys(variants)) {
			if mine != other {
				all = append(all, collision{kind, fmt.Sprintf("%s: %s, not %s", name, mine, other), lay(variants[mine]), lay(variants[other])})
			}
		}
	}
	return all
}

// both is a rule between two fields, from either side.
func both(kind, name string, one, other string) []collision {
	return []collision{{kind, name, one, other}, {kind, name + ", the other way", other, one}}
}

func pod(spec string) string { return `{"spec":{"template":{"spec":` + spec + `}}}` }

func app(fields string) string { return pod(`{"containers":[{"name":"app",` + fields + `}]}`) }

func handlers(sleep bool) map[string]string {
	all := map[string]string{
		"exec":    `{"exec":{"command":["true"]}}`,
		"httpGet": `{"httpGet":{"path":"/","port":8080}}`,
		"tcp":     `{"tcpSocket":{"port":8080}}`,
	}
	if sleep {
		all["sleep"] = `{"sleep":{"seconds":1}}`
	} else {
		all["grpc"] = `{"grpc":{"port":8080}}`
	}
	return all
}

// collisions are those of all kinds whose fields are owned one by one. Lists and structs that server-side apply treats as a
// whole, such as the rules of a NetworkPolicy and the metrics of an autoscaler, go back as a whole; a ServiceAccount has no rules.
func collisions() []collision {
	var all []collision
	for _, probe := range []string{"livenessProbe", "startupProbe"} {
		all = append(all, pairs("Deployment", probe, func(s string) string { return app(`"` + probe + `":` + s) }, handlers(false))...)
	}
	for _, hook := range []string{"preStop", "postStart"} {
		all = append(all, pairs("Deployment", hook, func(s string) string { return app(`"lifecycle":{"` + hook + `":` + s + `}`) }, handlers(true))...)
	}
	all = append(all, pairs("Deployment", "env", func(s string) string { return app(`"env":[{"name":"X",` + s + `}]`) }, map[string]string{
		"value":     `"value":"a"`,
		"configMap": `"valueFrom":{"configMapKeyRef":{"name":"a","key":"b"}}`,
		"secret":    `"valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}`,
		"field":     `"valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}`,
		"resource":  `"valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}`,
	})...)
	all = append(all, pairs("Deployment", "volume", func(s string) string { return pod(`{"volumes":[{"name":"v",` + s + `}]}`) }, map[string]string{
		"emptyDir":  `"emptyDir":{}`,
		"configMap": `"configMap":{"name":"a"}`,
		"secret":    `"secret":{"secretName":"a"}`,
		"claim":     `"persistentVolumeClaim":{"claimName":"a"}`,
		"projected": `"projected":{"sources":[]}`,
		"csi":       `"csi":{"driver":"example.com"}`,
	})...)
	all = append(all, both("Deployment", "a request above the limit", app(`"resources":{"requests":{"cpu":"500m"}}`), app(`"resources":{"limits":{"cpu":"100m"}}`))...)
	all = append(all, both("Deployment", "privileges", app(`"securityContext":{"allowPrivilegeEscalation":false}`), app(`"securityContext":{"privileged":true}`))...)
	all = append(all, both("Deployment", "privileges by a capability", app(`"securityContext":{"allowPrivilegeEscalation":false}`), app(`"securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}`))...)
	all = append(all, both("Deployment", "two ports of one name", app(`"ports":[{"name":"admin","containerPort":9090,"protocol":"TCP"}]`), app(`"ports":[{"name":"admin","containerPort":9091,"protocol":"TCP"}]`))...)
	all = append(all, both("Deployment", "the host's processes", pod(`{"shareProcessNamespace":true}`), pod(`{"hostPID":true}`))...)
	all = append(all, both("Deployment", "the host's network", pod(`{"hostNetwork":true}`), pod(`{"hostUsers":false}`))...)
	all = append(all, both("Deployment", "a hook longer than the grace period", app(`"lifecycle":{"preStop":{"sleep":{"seconds":20}}}`), pod(`{"terminationGracePeriodSeconds":10}`))...)
	all = append(all, both("Deployment", "ready after the deadline", `{"spec":{"minReadySeconds":100}}`, `{"spec":{"progressDeadlineSeconds":50}}`)...)
	all = append(all, both("Deployment", "strategy", `{"spec":{"strategy":{"type":"Recreate"}}}`, `{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}`)...)
	all = append(all, both("PodDisruptionBudget", "budget", `{"spec":{"minAvailable":1,"maxUnavailable":null}}`, `{"spec":{"maxUnavailable":1,"minAvailable":null}}`)...)
	all = append(all, collision{"HorizontalPodAutoscaler", "least above most", `{"spec":{"minReplicas":null,"maxReplicas":3}}`, `{"spec":{"minReplicas":4}}`})
	all = append(all, collision{"Service", "two ports of one name", `{"spec":{"ports":[{"name":"admin","port":90,"protocol":"TCP"}]}}`, `{"spec":{"ports":[{"name":"admin","port":91,"protocol":"TCP"}]}}`})
	for name, theirs := range map[string]string{
		"external name":         `{"spec":{"type":"ExternalName","externalName":"example.com"}}`,
		"traffic from outside":  `{"spec":{"type":"NodePort","externalTrafficPolicy":"Local"}}`,
		"sources of a balancer": `{"spec":{"type":"LoadBalancer","loadBalancerSourceRanges":["192.0.2.0/24"]}}`,
		"class of a balancer":   `{"spec":{"type":"LoadBalancer","loadBalancerClass":"example.com/a","allocateLoadBalancerNodePorts":false}}`,
	} {
		all = append(all, collision{"Service", name, `{"spec":{"type":"ClusterIP"}}`, theirs})
	}
	return append(all, collision{"Service", "affinity", `{"spec":{"sessionAffinity":"None"}}`, `{"spec":{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":5}}}}`})
}

// ways are how somebody else writes his fields: before is the current object, after the one that he wants.
var ways = map[string]func(c collision, before, after *unstructured.Unstructured) error{
	"update": func(_ collision, _, after *unstructured.Unstructured) error {
		return admin.Update(context.Background(), after, somebody)
	},
	"patch": func(_ collision, before, after *unstructured.Unstructured) error {
		return admin.Patch(context.Background(), after, client.MergeFrom(before), somebody)
	},
	"apply": func(c collision, before, _ *unstructured.Unstructured) error {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		if err := json.Unmarshal([]byte(c.theirs), &o.Object); err != nil {
			return err
		}
		for name, value := range o.Object["spec"].(map[string]any) {
			if value == nil {
				delete(o.Object["spec"].(map[string]any), name)
			}
		}
		o.SetGroupVersionKind(before.GroupVersionKind())
		o.SetNamespace(before.GetNamespace())
		o.SetName(before.GetName())
		return admin.Apply(context.Background(), client.ApplyConfigurationFromUnstructured(o), somebody, client.ForceOwnership)
	},
	"an update, and managedFields are wiped": func(_ collision, _, after *unstructured.Unstructured) error {
		ctx := context.Background()
		if err := admin.Update(ctx, after, somebody); err != nil {
			return err
		}
		return admin.Patch(ctx, after, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"managedFields":[{}]}}`)))
	},
}

const somebody = client.FieldOwner("somebody")

// TestTheSpecWins has others write what cannot stand beside what we want: before we want it, and over it. Whoever wrote it,
// and however, the next put is what was asked for.
func TestTheSpecWins(t *testing.T) {
	t.Parallel()
	var healed, impossible atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d healed; %d could not be written by others either", healed.Load(), impossible.Load())
		if healed.Load() < 500 {
			t.Errorf("only %d collisions were made", healed.Load())
		}
	})
	for _, c := range collisions() {
		for way, write := range ways {
			for _, over := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, by %s, over ours %v", c.kind, c.name, way, over), func(t *testing.T) {
					t.Parallel()
					if collide(t, c, write, over) {
						healed.Add(1)
					} else {
						impossible.Add(1)
					}
				})
			}
		}
	}
}

// collide reports whether the collision could be made at all.
func collide(t *testing.T, c collision, write func(c collision, before, after *unstructured.Unstructured) error, over bool) bool {
	owner := newOwner(t)
	plain := wishOf(t, owner, c.kind)
	desired := laid(t, plain, c.ours)
	first := plain
	if over {
		first = desired
	}
	mustSucceed(t, applyIntent(t, c.kind, owner, first, nil))
	before := readUnstructured(t, c.kind, owner)
	after := before.DeepCopy()
	if over {
		without(after.Object, parse(t, c.ours))
	}
	after.Object = laid(t, after.Object, c.theirs)
	switch err := write(c, before, after); {
	case apierrors.IsInvalid(err):
		return false
	case err != nil:
		t.Fatalf("somebody's write: %v", err)
	}
	mustSucceed(t, applyIntent(t, c.kind, owner, desired, nil))
	if missing := lacks(readUnstructured(t, c.kind, owner).Object, any(desired), nil); len(missing) > 0 {
		t.Errorf("not as asked for: %v", missing)
	}
	return true
}

// wishOf is what is wanted of a kind without what the collisions are about.
func wishOf(t *testing.T, owner client.Object, kind string) map[string]any {
	t.Helper()
	in, err := runtime.DefaultUnstructuredConverter.ToUnstructured(desiredOf(owner)[kind])
	if err != nil {
		t.Fatal(err)
	}
	if kind == "PodDisruptionBudget" {
		delete(in["spec"].(map[string]any), "maxUnavailable")
	}
	return in
}

// laid lays JSON over a copy of the object: null takes away, and items of lists are found by their name.
func laid(t *testing.T, object map[string]any, patch string) map[string]any {
	t.Helper()
	return lay(runtime.DeepCopyJSON(object), parse(t, patch)).(map[string]any)
}

// parse gives whole numbers as the API's own decoder does.
func parse(t *testing.T, raw string) map[string]any {
	t.Helper()
	u := map[string]any{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(raw), &u); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return u
}

func lay(base, over any) any {
	switch over := over.(type) {
	case map[string]any:
		object, ok := base.(map[string]any)
		if !ok {
			object = map[string]any{}
		}
		for name, value := range over {
			if value == nil {
				delete(object, name)
			} else {
				object[name] = lay(object[name], value)
			}
		}
		return object
	case []any:
		list, _ := base.([]any)
		for _, item := range over {
			if i := indexOf(list, item); i >= 0 {
				list[i] = lay(list[i], item)
			} else {
				list = append(list, lay(nil, item))
			}
		}
		return list
	default:
		return over
	}
}

// indexOf finds the item of the same name; of what has none, the same.
func indexOf(list []any, item any) int {
	return slices.IndexFunc(list, func(other any) bool {
		a, aOK := item.(map[string]any)
		b, bOK := other.(map[string]any)
		if aOK && bOK {
			return a["name"] == b["name"]
		}
		return item == other
	})
}

// without takes away what ours put there: the field below all that both have, or the item of a list.
func without(object, ours map[string]any) {
	for name, value := range ours {
		switch value := value.(type) {
		case map[string]any:
			if inner, ok := object[name].(map[string]any); ok && isStruct(name) {
				without(inner, value)
				continue
			}
		case []any:
			list, _ := object[name].([]any)
			for _, item := range value {
				i := indexOf(list, item)
				if named, ok := item.(map[string]any); ok && i >= 0 && named["name"] == "app" {
					without(list[i].(map[string]any), named)
					continue
				}
				list = slices.DeleteFunc(list, func(other any) bool { return indexOf([]any{other}, item) == 0 })
			}
			object[name] = list
			continue
		}
		if name != "name" {
			delete(object, name)
		}
	}
}

// isStruct reports whether a field is there also without what the collisions put into it.
func isStruct(name string) bool {
	return slices.Contains([]string{"spec", "template", "lifecycle", "resources", "securityContext", "strategy"}, name)
}
