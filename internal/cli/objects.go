package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/internal/difference"
)

// kindOf returns the kind of a typed object, or of the items of a typed list. What the API server returns does not have it.
func kindOf(object any) string {
	name := fmt.Sprintf("%T", object)
	return strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "List")
}

// objectsIn returns the objects of a namespace. Each list is one request. Of a kind that the cluster lacks there are none.
func objectsIn(ctx context.Context, c client.Reader, namespace string, lists ...client.ObjectList) ([]client.Object, error) {
	var all []client.Object
	for _, list := range lists {
		switch err := c.List(ctx, list, client.InNamespace(namespace)); {
		case isMissingCRD(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("listing the %ss of namespace %s: %w", kindOf(list), namespace, err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return nil, fmt.Errorf("listing the %ss of namespace %s: %w", kindOf(list), namespace, err)
		}
		for _, item := range items {
			all = append(all, item.(client.Object))
		}
	}
	return all, nil
}

// modify changes an object as it is now in the cluster. What nobody else changed meanwhile stays.
func modify(ctx context.Context, c client.Client, object client.Object, change func()) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		before := object.DeepCopyObject().(client.Object)
		change()
		return c.Patch(ctx, object, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(fieldOwner))
	})
	if err != nil {
		return fmt.Errorf("changing %s %s: %w", kindOf(object), object.GetName(), err)
	}
	return nil
}

// asManifest returns objects as YAML documents that can be applied again: without what the API server and controllers set.
func asManifest(scheme *runtime.Scheme, objects []client.Object) ([]byte, error) {
	var out bytes.Buffer
	for _, object := range objects {
		text, err := manifestOf(scheme, object)
		if err != nil {
			return nil, fmt.Errorf("writing %s %s: %w", kindOf(object), object.GetName(), err)
		}
		fmt.Fprintf(&out, "---\n%s", text)
	}
	return out.Bytes(), nil
}

func manifestOf(scheme *runtime.Scheme, object client.Object) ([]byte, error) {
	kind, err := apiutil.GVKForObject(object, scheme)
	if err != nil {
		return nil, err
	}
	fields, err := difference.Fields(object)
	if err != nil {
		return nil, err
	}
	fields["apiVersion"], fields["kind"] = kind.GroupVersion().String(), kind.Kind
	delete(fields, "status")
	if metadata, ok := fields["metadata"].(map[string]any); ok {
		for _, key := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "ownerReferences"} {
			delete(metadata, key)
		}
	}
	return yaml.Marshal(fields)
}
