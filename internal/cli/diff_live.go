package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/difference"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/settings"
)

// surroundings are what the objects of Microservices depend on besides Microservices, as far as the cluster has it.
type surroundings struct {
	services   map[dependency.Key]*dependency.ServiceTarget
	running    map[dependency.Key]dependency.PodPorts
	namespaces dependency.Namespaces
	previous   map[dependency.Key]dependency.Addresses
}

// child kinds that depend on other objects than the Microservice.
const (
	kindDeployment    = "Deployment"
	kindNetworkPolicy = "NetworkPolicy"
	kindAutoscaler    = "HorizontalPodAutoscaler"
)

// kindIn is a kind in a namespace.
type kindIn struct{ kind, namespace string }

// liveObjects are the objects of Microservices as they are in the cluster.
type liveObjects struct {
	client.Reader
	scheme *runtime.Scheme
	world  explain.World
	// partial is set if the Microservices of other namespaces are not known.
	partial bool
	around  surroundings
	// byKind are the objects by kind and namespace, and then by name; a kind that may not be read has no entry.
	byKind map[kindIn]map[string]client.Object
	// hidden are the Services that may not be read.
	hidden sets.Set[dependency.Key]
}

// compareLive adds to an answer what is not as the operator makes it. It lists the kinds of children in each namespace, the namespaces if a
// selector needs their labels, and reads two objects for each Service that is a dependency, and two of the operator for each namespace.
func (d *differ) compareLive(ctx context.Context, c client.Client, w explain.World, wanted []*v1alpha1.Microservice, partial bool, answer *comparison) error {
	l := &liveObjects{
		Reader: c, scheme: c.Scheme(), world: w, partial: partial, byKind: map[kindIn]map[string]client.Object{}, hidden: sets.New[dependency.Key](),
		around: surroundings{
			services: map[dependency.Key]*dependency.ServiceTarget{}, running: map[dependency.Key]dependency.PodPorts{}, previous: map[dependency.Key]dependency.Addresses{},
		},
	}
	if err := l.read(ctx, wanted); err != nil {
		return err
	}
	r := newRenderer(w)
	r.around = l.around
	settingsFor := map[string]resources.Settings{}
	for _, ms := range wanted {
		s, known := settingsFor[ms.Namespace]
		if !known {
			s = d.settingsFor(ctx, c, ms.Namespace)
			settingsFor[ms.Namespace] = s
		}
		r.settings = s
		if err := l.compare(ms, r, answer); err != nil {
			return err
		}
	}
	return nil
}

// settingsFor returns the settings of the operator that manages a namespace. If they are not known it tells so, and returns the defaults.
func (d *differ) settingsFor(ctx context.Context, c client.Reader, namespace string) resources.Settings {
	flags, err := inspect.OperatorFlags(ctx, c, d.operatorNamespace, namespace)
	if err == nil {
		var s resources.Settings
		if s, err = settings.Of(flags); err == nil {
			return s
		}
	}
	print(d.ErrOut, "note: the flags of the operator are not known, its defaults are assumed: %v\n", err)
	return resources.DefaultSettings()
}

func (l *liveObjects) read(ctx context.Context, wanted []*v1alpha1.Microservice) error {
	namespaces := sets.New[string]()
	for _, ms := range wanted {
		namespaces.Insert(ms.Namespace)
	}
	for _, namespace := range sets.List(namespaces) {
		if err := l.readChildren(ctx, namespace, wanted); err != nil {
			return err
		}
	}
	for key, ms := range l.world.Microservices {
		if d, ok := l.byKind[kindIn{kindDeployment, key.Namespace}][key.Name].(*appsv1.Deployment); ok && metav1.IsControlledBy(d, ms) {
			l.around.previous[key] = dependency.ParseAddresses(d.Annotations[v1alpha1.AnnotationAddresses])
			if ports := dependency.OtherPorts(ms, d); ports != nil {
				l.around.running[key] = ports
			}
		}
	}
	for _, ms := range wanted {
		for _, key := range dependency.Targets(ms, dependency.Service) {
			if err := l.readService(ctx, key); err != nil {
				return err
			}
		}
	}
	if !slices.ContainsFunc(wanted, l.needsLabels) {
		return nil
	}
	return l.readNamespaces(ctx)
}

// readChildren reads all objects of a namespace that may be children of the wanted Microservices.
func (l *liveObjects) readChildren(ctx context.Context, namespace string, wanted []*v1alpha1.Microservice) error {
	for _, list := range inspect.ChildLists(wanted...) {
		objects, err := inspect.ObjectsIn(ctx, l, namespace, list)
		if apierrors.IsForbidden(err) {
			continue
		}
		if err != nil {
			return err
		}
		named := map[string]client.Object{}
		for _, object := range objects {
			named[object.GetName()] = object
		}
		l.byKind[kindIn{inspect.KindOf(list), namespace}] = named
	}
	return nil
}

func (l *liveObjects) readService(ctx context.Context, key dependency.Key) error {
	service, endpoints := &corev1.Service{}, &discoveryv1.EndpointSliceList{}
	err := l.Get(ctx, key, service)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		err = l.List(ctx, endpoints, client.InNamespace(key.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: key.Name})
	}
	switch {
	case apierrors.IsForbidden(err):
		l.hidden.Insert(key)
	case err != nil:
		return fmt.Errorf("reading Service %s: %w", key, err)
	default:
		l.around.services[key] = dependency.NewServiceTarget(service, endpoints.Items)
	}
	return nil
}

// readNamespaces reads the labels of all namespaces. They stay nil if the user may not read them.
func (l *liveObjects) readNamespaces(ctx context.Context) error {
	list := &corev1.NamespaceList{}
	err := l.List(ctx, list)
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing the namespaces: %w", err)
	}
	l.around.namespaces = dependency.Namespaces{}
	for i := range list.Items {
		l.around.namespaces[list.Items[i].Name] = list.Items[i].Labels
	}
	return nil
}

// needsLabels reports whether the labels of namespaces decide about consent that a Microservice gives or asks for.
func (l *liveObjects) needsLabels(ms *v1alpha1.Microservice) bool {
	return dependency.SelectsNamespaces(ms) || slices.ContainsFunc(dependency.Targets(ms, dependency.Microservice), func(key dependency.Key) bool {
		target := l.world.Microservices[key]
		return target != nil && dependency.SelectsNamespaces(target)
	})
}

// unknown tells what is not known that the NetworkPolicy and the Deployment of a Microservice depend on, empty for nothing.
func (l *liveObjects) unknown(ms *v1alpha1.Microservice) string {
	for _, key := range dependency.Targets(ms, dependency.Service) {
		if l.hidden.Has(key) {
			return fmt.Sprintf("it depends on Service %s", key)
		}
	}
	abroad := func(key dependency.Key) bool { return key.Namespace != ms.Namespace }
	switch {
	case l.partial && slices.ContainsFunc(dependency.Targets(ms, dependency.Microservice), abroad):
		return "it depends on Microservices of other namespaces"
	case l.partial && ms.Spec.AllowedDependents != nil:
		return "Microservices of other namespaces may depend on it"
	case l.around.namespaces == nil && l.needsLabels(ms):
		return "it depends on the labels of namespaces"
	}
	return ""
}

// compare adds to an answer what is not as the operator makes it of one Microservice.
func (l *liveObjects) compare(ms *v1alpha1.Microservice, r renderer, answer *comparison) error {
	children, _, err := r.children(ms)
	if err != nil {
		answer.Hidden = append(answer.Hidden, fmt.Sprintf("%v: the operator makes no objects of it", err))
		return nil
	}
	unknown := l.unknown(ms)
	for _, child := range children {
		name := child.kind + "/" + ms.Namespace + "/" + ms.Name
		objects, seen := l.byKind[kindIn{child.kind, ms.Namespace}]
		object, exists := objects[ms.Name]
		switch {
		case !seen:
			answer.Hidden = append(answer.Hidden, name+": cannot see: forbidden")
		case unknown != "" && (child.kind == kindNetworkPolicy || child.kind == kindDeployment):
			answer.Hidden = append(answer.Hidden, fmt.Sprintf("%s: cannot see: %s", name, unknown))
		case !exists && !isHeld(ms, child.kind):
			answer.Drift = append(answer.Drift, drift{Object: name, Missing: true})
		case exists:
			fields, err := changedFields(l.scheme, child, object)
			if err != nil {
				return fmt.Errorf("comparing %s: %w", name, err)
			}
			if len(fields) > 0 {
				answer.Drift = append(answer.Drift, drift{Object: name, Fields: fields})
			}
		}
	}
	return nil
}

// isHeld reports whether a kind of child has to wait for the first start.
func isHeld(ms *v1alpha1.Microservice, kind string) bool {
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	return ready != nil && ready.Reason == v1alpha1.ReasonWaitingForDependency && (kind == kindDeployment || kind == kindAutoscaler)
}

// changedFields returns the fields of an object that have another value than the operator sets.
func changedFields(scheme *runtime.Scheme, wanted child, got client.Object) ([]difference.Difference, error) {
	// Decoded into its type and encoded again, it leaves out what the server leaves out, such as false where that is no pointer.
	typed, err := scheme.New(schema.FromAPIVersionAndKind(fmt.Sprint(wanted.fields["apiVersion"]), wanted.kind))
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(wanted.fields)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, typed); err != nil {
		return nil, err
	}
	want, err := specified(typed)
	if err != nil {
		return nil, err
	}
	have, err := specified(got)
	return difference.Within(want, have), err
}

// specified returns the fields of an object without its kind, which a typed client drops, and without its status.
func specified(object any) (map[string]any, error) {
	fields, err := difference.Fields(object)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"apiVersion", "kind", "status"} {
		delete(fields, key)
	}
	return fields, nil
}
