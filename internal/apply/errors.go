package apply

import (
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// NameConflictError says that an object which the owner does not control has the name of a child. It is never touched.
type NameConflictError struct {
	Kind, Name string
	// Controller is "Kind name" of what controls the object; empty for nobody.
	Controller string
}

func (e *NameConflictError) Error() string {
	return fmt.Sprintf("%s %s exists and does not belong to the owner (%s)", e.Kind, e.Name, e.Holder())
}

// Holder says who controls the object.
func (e *NameConflictError) Holder() string {
	if e.Controller == "" {
		return "nobody controls it"
	}
	return e.Controller + " controls it"
}

// OwnerDeletedError says that a child which was there is gone, and that its owner is gone, too, or going. The cache that the
// owner was read from has not heard of it.
type OwnerDeletedError struct {
	Name string
}

func (e *OwnerDeletedError) Error() string {
	return fmt.Sprintf("%s is deleted, and its children go with it", e.Name)
}

// FormerOwnerError says that the child of a deleted owner of the same name is still there. It goes by itself.
type FormerOwnerError struct {
	Kind, Name string
}

func (e *FormerOwnerError) Error() string {
	return fmt.Sprintf("%s %s belongs to a deleted object of the same name and is about to be removed", e.Kind, e.Name)
}

// ForeignFieldError says that the server refuses a child because of what others have set in it, and that it could not be
// healed.
type ForeignFieldError struct {
	// Managers are the field managers of what is in the way, at least one.
	Managers []string
	// Err is the API server's.
	Err error
}

func (e *ForeignFieldError) Error() string {
	return fmt.Sprintf("fields of %s are in the way: %v", strings.Join(e.Managers, ", "), e.Err)
}

// Unwrap returns the API server's error.
func (e *ForeignFieldError) Unwrap() error { return e.Err }

// ContestedError says that a field of a child is changed again each time that it was restored, so that it is restored ever more
// rarely.
type ContestedError struct {
	Kind, Name string
	// Field is a path such as spec.replicas.
	Field string
	// Managers are the field managers that own it; empty where it is taken away.
	Managers []string
	// Retry is when it is worth to look again, more than 0.
	Retry time.Duration
}

func (e *ContestedError) Error() string {
	who := "somebody, such as an admission policy, takes away"
	if len(e.Managers) > 0 {
		who = strings.Join(e.Managers, ", ") + " changes"
	}
	return fmt.Sprintf("%s %s of %s %s each time that it was restored; it is restored ever more rarely", who, e.Field, e.Kind, e.Name)
}

// notTyped is how the server begins when it cannot read what is applied, such as a list with one key twice. It
// answers 500.
const notTyped = "failed to create typed patch object"

// IsInvalid says that the server's validation names a field, or that it cannot read the object. Policies and webhooks that refuse
// an object may answer 422 as well, and may be lifted: the first name no field, the second begin with their own words.
func IsInvalid(err error) bool {
	if IsFromWebhook(err) {
		return false
	}
	if strings.Contains(err.Error(), notTyped) {
		return true
	}
	var refused apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &refused) || refused.Status().Details == nil {
		return false
	}
	for _, cause := range refused.Status().Details.Causes {
		if cause.Field != "" {
			return true
		}
	}
	return false
}
