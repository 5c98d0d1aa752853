package controller

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// applyProblem returns the worst failure of the changes, in the order InvalidSpec, NameConflict, ApplyFailed, or nil.
func applyProblem(ms *v1alpha1.Microservice, changes []apply.Change) *status.Problem {
	for _, reason := range []string{v1alpha1.ReasonInvalidSpec, v1alpha1.ReasonNameConflict, v1alpha1.ReasonApplyFailed} {
		var messages []string
		for _, c := range changes {
			if c.Err != nil && classify(c.Err) == reason {
				messages = append(messages, conflictMessage(ms, c))
			}
		}
		if len(messages) > 0 {
			return &status.Problem{
				Reason:  reason,
				Message: strings.Join(messages, "; "),
				Stalled: reason != v1alpha1.ReasonApplyFailed,
			}
		}
	}
	return nil
}

// classify returns the Ready reason for a failed write: the spec must be edited, another object must go, or a retry may help.
// It is empty for a lost race, which the next reconcile settles.
func classify(err error) string {
	var taken *apply.NameConflictError
	var foreign *apply.ForeignFieldError
	switch {
	case errors.As(err, &taken):
		return v1alpha1.ReasonNameConflict
	case apierrors.IsConflict(err):
		return ""
	case errors.As(err, &foreign):
		return v1alpha1.ReasonApplyFailed
	case apply.IsInvalid(err):
		return v1alpha1.ReasonInvalidSpec
	default:
		return v1alpha1.ReasonApplyFailed
	}
}

// conflictMessage describes a failed write for users: what happened, and how to resolve it.
func conflictMessage(ms *v1alpha1.Microservice, c apply.Change) string {
	said := c.Err.Error()
	var taken *apply.NameConflictError
	var contested *apply.ContestedError
	switch {
	case errors.As(c.Err, &contested) && contested.Field == "spec.replicas":
		said += fmt.Sprintf("; set the size in spec.autoscaling, leave it to whatever scales it with spec.autoscaling.external, or remove that, such as an autoscaler (kubectl get hpa -n %s)", ms.Namespace)
	case errors.As(c.Err, &taken):
		said = fmt.Sprintf("%s %s exists and does not belong to this Microservice (%s); %s", c.Kind, ms.Name, taken.Holder(), remedy(ms, c.Kind, taken))
	case c.Kind == kindService && strings.Contains(said, "may not change once set"):
		said += fmt.Sprintf("; recreate the Service to change it; it may get another address: kubectl delete service %s -n %s", ms.Name, ms.Namespace)
	}
	if slices.Contains(prerequisiteNames, c.Kind) {
		said += "; no pod is started or changed without it"
	}
	return said
}

// remedy describes how to resolve a name conflict. The operator never adopts an object, but whoever may write it can give it to
// the Microservice.
func remedy(ms *v1alpha1.Microservice, kind string, taken *apply.NameConflictError) string {
	lower := strings.ToLower(kind)
	switch {
	case kind == kindService && dependency.KeyOf(ms) == dependency.APIServer:
		return "Kubernetes recreates it whenever it is removed: rename the Microservice"
	case taken.Controller != "":
		return fmt.Sprintf("remove it (kubectl delete %s %s -n %s) or rename the Microservice", lower, ms.Name, ms.Namespace)
	}
	give := fmt.Sprintf(`{"metadata":{"labels":{%q:%q},"ownerReferences":[{"apiVersion":%q,"kind":%q,"name":%q,"uid":%q,"controller":true}]}}`,
		v1alpha1.LabelName, ms.Name, v1alpha1.SchemeGroupVersion.String(), kindMicroservice, ms.Name, ms.UID)
	return fmt.Sprintf("remove it (kubectl delete %s %s -n %s), give it to this Microservice (kubectl patch %s %s -n %s --type=merge -p '%s') or rename the Microservice",
		lower, ms.Name, ms.Namespace, lower, ms.Name, ms.Namespace, give)
}

// retryError returns the error with which Reconcile ends: retried with a growing delay if it may heal without an edit, terminal
// for a spec that can never be applied.
func retryError(changes []apply.Change) error {
	var healing, terminal []error
	for _, c := range changes {
		var contested *apply.ContestedError
		switch {
		case c.Err == nil, errors.As(c.Err, &contested):
		case classify(c.Err) == v1alpha1.ReasonInvalidSpec:
			terminal = append(terminal, fmt.Errorf("%s %s: %w", c.Verb, c.Kind, c.Err))
		default:
			healing = append(healing, fmt.Errorf("%s %s: %w", c.Verb, c.Kind, c.Err))
		}
	}
	if len(healing) > 0 {
		return errors.Join(healing...)
	}
	if len(terminal) > 0 {
		return reconcile.TerminalError(errors.Join(terminal...))
	}
	return nil
}

// pending names the changes that a paused Microservice holds back.
func pending(changes []apply.Change) []string {
	var names []string
	for _, c := range changes {
		names = append(names, fmt.Sprintf("%s %s", c.Verb, c.Kind))
	}
	return names
}

// isTerminating reports whether children can no longer be created, or need not be: the namespace is terminating, or the
// Microservice was deleted and the cache does not know yet.
func isTerminating(changes []apply.Change) bool {
	return slices.ContainsFunc(changes, func(c apply.Change) bool {
		var gone *apply.OwnerDeletedError
		return errors.As(c.Err, &gone) || apierrors.HasStatusCause(c.Err, corev1.NamespaceTerminatingCause)
	})
}
