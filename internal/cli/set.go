package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

func newSet(o *options) *cobra.Command {
	c := &cobra.Command{Use: "set", Short: "Change a field of a Microservice", Example: o.example("$ set image web=ghcr.io/acme/web:1.4.2 -n shop")}
	c.AddCommand(newSetImage(o))
	return c
}

func newSetImage(o *options) *cobra.Command {
	var wait waitOptions
	var await bool
	c := &cobra.Command{
		Use:   "image NAME=IMAGE",
		Short: "Roll out another image, and wait until it is Ready",
		Long: `Roll out another image, and with --wait follow it as status --watch does, with the same exit codes.

It is for pipelines that deploy by themselves. Where Argo CD or Flux deploys, change the image in git instead.`,
		Example:           o.example("$ set image web=ghcr.io/acme/web:1.4.2 -n shop --wait"),
		Args:              exactly(1, "NAME=IMAGE"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			name, image, found := strings.Cut(args[0], "=")
			if !found || name == "" || image == "" {
				return failed(ExitUsage, "%q is not NAME=IMAGE, such as web=ghcr.io/acme/web:1.4.2", args[0])
			}
			if err := wait.check(); err != nil {
				return err
			}
			kube, key, err := o.connect(name)
			if err != nil {
				return err
			}
			return o.setImage(c.Context(), kube, key, image, await, wait)
		},
	}
	c.Flags().BoolVar(&await, "wait", false, "Wait until it is Ready.")
	wait.add(c)
	return c
}

func (o *options) setImage(ctx context.Context, c client.WithWatch, key dependency.Key, image string, await bool, w waitOptions) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"image": image}})
	if err != nil {
		return fmt.Errorf("encoding the image: %w", err)
	}
	ms := &v1alpha1.Microservice{}
	ms.Namespace, ms.Name = key.Namespace, key.Name
	err = c.Patch(ctx, ms, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(fieldOwner))
	switch {
	case apierrors.IsNotFound(err):
		return &inspect.NotFoundError{Key: key}
	case err != nil:
		return fmt.Errorf("changing the image of %s: %w", key, err)
	}
	print(o.Out, "%s has the image %s\n", key.Name, image)
	if !await {
		return nil
	}
	if err := o.follow(ctx, c, key, w); err != nil {
		return err
	}
	now, err := inspect.Get(ctx, c, key)
	if err != nil {
		return err
	}
	if now.Spec.Image != image {
		return failed(ExitNo, "somebody changed the image to %s: does a GitOps tool look after %s?", now.Spec.Image, key.Name)
	}
	return nil
}
