package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
)

// source says where a system is read from: the cluster, or files.
type source struct {
	files []string
	all   bool
	// partial is set by world if the user may read the Microservices of one namespace only.
	partial bool
}

func (s *source) add(c *cobra.Command) {
	c.Flags().StringSliceVarP(&s.files, "filename", "f", nil, "Read these files or folders instead of the cluster; - is standard input.")
	c.Flags().BoolVarP(&s.all, "all-namespaces", "A", false, "Take all namespaces.")
}

// world loads the system, and tells which Microservices were asked for: those of the files, or of the namespace, or all. The others
// are there because those may depend on them.
func (s *source) world(ctx context.Context, o *options) (w explain.World, asked func(namespace string) bool, err error) {
	namespace, err := o.namespace()
	if err != nil {
		return w, nil, err
	}
	if len(s.files) > 0 {
		found, err := (&manifest.Reader{Namespace: namespace, In: o.In}).Read(s.files...)
		if err != nil {
			return w, nil, err
		}
		return explain.NewWorld(found...), func(string) bool { return true }, nil
	}
	asked = func(of string) bool { return s.all || of == namespace }
	kube, err := o.client()
	if err != nil {
		return w, nil, err
	}
	list := &v1alpha1.MicroserviceList{}
	err = kube.List(ctx, list)
	if s.partial = apierrors.IsForbidden(err) && !s.all; s.partial {
		err = kube.List(ctx, list, client.InNamespace(namespace))
	}
	if isMissingCRD(err) {
		return w, nil, failed(ExitUsage, noMicroservices)
	}
	if err != nil {
		return w, nil, fmt.Errorf("listing Microservices: %w", err)
	}
	w = explain.NewWorld(pointers(list)...)
	if s.partial {
		hideOthers(w, namespace)
	}
	return w, asked, nil
}

// addAutoscalers adds those of the cluster, in the namespaces that were asked for. Who may not see them is told so.
func (s *source) addAutoscalers(ctx context.Context, o *options, w *explain.World) error {
	if len(s.files) > 0 {
		return nil
	}
	namespace, err := o.namespace()
	if err != nil {
		return err
	}
	if s.all {
		namespace = metav1.NamespaceAll
	}
	kube, err := o.client()
	if err != nil {
		return err
	}
	list := &autoscalingv2.HorizontalPodAutoscalerList{}
	switch err := kube.List(ctx, list, client.InNamespace(namespace)); {
	case apierrors.IsForbidden(err):
		print(o.ErrOut, "cannot see autoscalers: forbidden; MSV211 is not looked for\n")
	case err != nil:
		return fmt.Errorf("listing HorizontalPodAutoscalers: %w", err)
	}
	w.Autoscalers = list.Items
	return nil
}

// hideOthers marks the Microservices of other namespaces that those of a namespace depend on as hidden: that they are not known does
// not mean that they do not exist.
func hideOthers(w explain.World, namespace string) {
	for _, ms := range w.Microservices {
		for _, key := range dependency.Targets(ms, dependency.Microservice) {
			if key.Namespace != namespace {
				w.Hidden.Insert(key)
			}
		}
	}
}
