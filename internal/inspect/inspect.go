// Package inspect reads from a cluster, with the rights of who asks, what package explain needs to answer, and what else a person wants
// to see of a Microservice. What may not be read is told, not an error.
package inspect

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// ErrNoMicroservices is what is wrong with a cluster without the CRD.
var ErrNoMicroservices = errors.New("the cluster has no Microservices: install the operator first")

// NotFoundError tells that what was asked about does not exist.
type NotFoundError struct {
	Key dependency.Key
	// pods is set if anything with pods would do, which need not be of a Microservice.
	pods bool
}

// Error implements error.
func (e *NotFoundError) Error() string {
	if e.pods {
		return fmt.Sprintf("there is no Deployment %s in namespace %s, and no Service with pods of that name", e.Key.Name, e.Key.Namespace)
	}
	return fmt.Sprintf("there is no Microservice %s in namespace %s", e.Key.Name, e.Key.Namespace)
}

// IsNotFound reports whether an error is a NotFoundError.
func IsNotFound(err error) bool {
	_, ok := errors.AsType[*NotFoundError](err)
	return ok
}

// Get returns a Microservice. The error is a NotFoundError if there is none, and ErrNoMicroservices if there can be none.
func Get(ctx context.Context, c client.Reader, key dependency.Key) (*v1alpha1.Microservice, error) {
	ms := &v1alpha1.Microservice{}
	switch err := c.Get(ctx, key, ms); {
	case meta.IsNoMatchError(err), IsMissingKind(err):
		return nil, ErrNoMicroservices
	case apierrors.IsNotFound(err):
		return nil, &NotFoundError{Key: key}
	case err != nil:
		return nil, fmt.Errorf("reading Microservice %s: %w", key, err)
	}
	return ms, nil
}

// IsMissingKind reports whether the server does not serve a kind: then its 404 names no object.
func IsMissingKind(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) && (status.Status().Details == nil || status.Status().Details.Name == "")
}
