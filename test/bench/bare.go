package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// bareInFlight is how many requests the bare client has under way: as many as the operator has workers.
const bareInFlight = 8

// runBare server-side-applies what is in a file, as writeChildren made it.
func runBare(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.DisableCompression = true
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	var objects []*unstructured.Unstructured
	for document := range strings.SplitSeq(string(raw), separator) {
		o := &unstructured.Unstructured{}
		if err := json.Unmarshal([]byte(document), &o.Object); err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		objects = append(objects, o)
	}
	return each(context.Background(), bareInFlight, objects, func(ctx context.Context, o *unstructured.Unstructured) error {
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		_, err = client.Resource(resourceOf(o.GroupVersionKind())).Namespace(o.GetNamespace()).Patch(ctx, o.GetName(),
			types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "bare", Force: new(true)})
		return err
	})
}

// resourceOf knows the kinds of our children, so that no discovery is needed.
func resourceOf(gvk schema.GroupVersionKind) schema.GroupVersionResource {
	plural := strings.ToLower(gvk.Kind) + "s"
	if strings.HasSuffix(gvk.Kind, "Policy") {
		plural = strings.ToLower(strings.TrimSuffix(gvk.Kind, "y")) + "ies"
	}
	return gvk.GroupVersion().WithResource(plural)
}

// separator stands between two documents. JSON is YAML, so that kubectl reads the file too.
const separator = "\n---\n"

// writeChildren renders the children of Microservices into a file.
func writeChildren(path string, owners []*unstructured.Unstructured) error {
	var documents []string
	for _, owner := range owners {
		children, err := childrenOf(owner)
		if err != nil {
			return err
		}
		for _, child := range children {
			raw, err := json.Marshal(child)
			if err != nil {
				return err
			}
			documents = append(documents, string(raw))
		}
	}
	return os.WriteFile(path, []byte(strings.Join(documents, separator)), 0o600)
}

// childrenOf are the children of a Microservice, without owner: there is none in a baseline.
func childrenOf(owner *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	ms := &v1alpha1.Microservice{}
	if err := as(owner, ms); err != nil {
		return nil, err
	}
	set, err := resources.For(resources.Input{Microservice: ms, Settings: resources.DefaultSettings()})
	if err != nil {
		return nil, err
	}
	var children []*unstructured.Unstructured
	for _, configuration := range []any{set.ServiceAccount, set.NetworkPolicy, set.Service, set.DisruptionBudget, set.Deployment, set.Autoscaler} {
		child := &unstructured.Unstructured{}
		if err := as(configuration, &child.Object); err != nil {
			return nil, err
		}
		if child.Object == nil {
			return nil, errors.New("a baseline needs a template that has all six children")
		}
		child.SetOwnerReferences(nil)
		children = append(children, child)
	}
	return children, nil
}
