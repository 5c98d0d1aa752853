package cli

import (
	"context"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
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
	w, s.partial, err = inspect.World(ctx, kube, namespace, s.all)
	return w, asked, err
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
	w.Autoscalers, err = inspect.Autoscalers(ctx, kube, namespace)
	if apierrors.IsForbidden(err) {
		print(o.ErrOut, "cannot see autoscalers: forbidden; MSV211 is not looked for\n")
		return nil
	}
	return err
}
