package cli

import (
	"bytes"
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/internal/difference"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

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
		return fmt.Errorf("changing %s %s: %w", inspect.KindOf(object), object.GetName(), err)
	}
	return nil
}

// asManifest returns objects as YAML documents that can be applied again: without what the API server and controllers set.
func asManifest(scheme *runtime.Scheme, objects []client.Object) ([]byte, error) {
	var out bytes.Buffer
	for _, object := range objects {
		text, err := manifestOf(scheme, object)
		if err != nil {
			return nil, fmt.Errorf("writing %s %s: %w", inspect.KindOf(object), object.GetName(), err)
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
