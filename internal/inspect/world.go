package inspect

import (
	"context"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
)

// World lists the Microservices of all namespaces: those of others may depend on those of the namespace. Who may read one namespace only
// gets a partial world, unless all are asked for.
func World(ctx context.Context, c client.Reader, namespace string, all bool) (w explain.World, partial bool, err error) {
	list := &v1alpha1.MicroserviceList{}
	err = c.List(ctx, list)
	if partial = apierrors.IsForbidden(err) && !all; partial {
		err = c.List(ctx, list, client.InNamespace(namespace))
	}
	if IsMissingKind(err) {
		return w, partial, ErrNoMicroservices
	}
	if err != nil {
		return w, partial, fmt.Errorf("listing Microservices: %w", err)
	}
	w = explain.NewWorld(pointers(list)...)
	if partial {
		w.HideOthers(namespace)
	}
	return w, partial, nil
}

// Autoscalers lists those of a namespace, or of all if it is empty.
func Autoscalers(ctx context.Context, c client.Reader, namespace string) ([]autoscalingv2.HorizontalPodAutoscaler, error) {
	list := &autoscalingv2.HorizontalPodAutoscalerList{}
	if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing HorizontalPodAutoscalers: %w", err)
	}
	return list.Items, nil
}

// Why loads what an answer needs, piece by piece.
func Why(ctx context.Context, c client.Reader, key dependency.Key) (explain.Answer, error) {
	w, gets := explain.NewWorld(), 1
	switch ms, err := Get(ctx, c, key); {
	case err == nil:
		w.Add(ms)
	case IsNotFound(err):
		w.Absent.Insert(key)
	default:
		return explain.Answer{}, err // what is asked about must be readable; of others it is told that they cannot be seen
	}
	for {
		answer := explain.Why(w, key)
		if len(answer.Load) == 0 {
			return answer, nil
		}
		if err := Load(ctx, c, w, &gets, answer.Load); err != nil {
			return explain.Answer{}, err
		}
	}
}

// maxGets is how many Microservices are read one by one before all are listed instead.
const maxGets = 6

// Load adds Microservices to a world. It reads them one by one while they are few, and then lists all that the user may see. gets counts
// those that were read one by one.
func Load(ctx context.Context, c client.Reader, w explain.World, gets *int, keys []dependency.Key) error {
	if *gets+len(keys) > maxGets {
		list := &v1alpha1.MicroserviceList{}
		err := c.List(ctx, list)
		if err == nil {
			w.Add(pointers(list)...)
			for _, key := range keys {
				if w.Microservices[key] == nil {
					w.Absent.Insert(key)
				}
			}
			return nil
		}
		if !apierrors.IsForbidden(err) {
			return fmt.Errorf("listing Microservices: %w", err)
		}
	}
	for _, key := range keys {
		*gets++
		ms, err := Get(ctx, c, key)
		switch {
		case err == nil:
			w.Add(ms)
		case IsNotFound(err):
			w.Absent.Insert(key)
		case apierrors.IsForbidden(err):
			w.Hidden.Insert(key)
		default:
			return err
		}
	}
	return nil
}

func pointers(list *v1alpha1.MicroserviceList) []*v1alpha1.Microservice {
	all := make([]*v1alpha1.Microservice, len(list.Items))
	for i := range list.Items {
		all[i] = &list.Items[i]
	}
	return all
}
