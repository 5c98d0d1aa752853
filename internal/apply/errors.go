package apply

import (
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// NameConflictError is returned when an object with the child's name exists that the owner does not control. The object is
// never modified.
type NameConflictError struct {
	Kind, Name string
	// Controller is the "Kind name" of the object's controller, empty if it has none.
	Controller string
}

func (e *NameConflictError) Error() string {
	return fmt.Sprintf("%s %s exists and does not belong to the owner (%s)", e.Kind, e.Name, e.Holder())
}

// Holder describes who controls the object.
func (e *NameConflictError) Holder() string {
	if e.Controller == "" {
		return "nobody controls it"
	}
	return e.Controller + " controls it"
}

// OwnerDeletedError is returned when a child disappeared together with its owner, which the cache still has.
type OwnerDeletedError struct {
	Name string
}

func (e *OwnerDeletedError) Error() string {
	return fmt.Sprintf("%s is deleted, and its children go with it", e.Name)
}

// FormerOwnerError is returned while a child of a deleted owner of the same name still exists. The garbage collector removes
// it.
type FormerOwnerError struct {
	Kind, Name string
}

func (e *FormerOwnerError) Error() string {
	return fmt.Sprintf("%s %s belongs to a deleted object of the same name and is about to be removed", e.Kind, e.Name)
}

// ForeignFieldError is returned when the server refuses a child because of fields that other managers set, and taking them over
// did not help.
type ForeignFieldError struct {
	// Managers are the field managers of the offending fields, at least one.
	Managers []string
	// Err is the API server's error.
	Err error
}

func (e *ForeignFieldError) Error() string {
	return fmt.Sprintf("fields of %s are in the way: %v", strings.Join(e.Managers, ", "), e.Err)
}

// Unwrap returns the API server's error.
func (e *ForeignFieldError) Unwrap() error { return e.Err }

// ContestedError is returned while a field of a child is changed again each time it is restored, so that restorations are
// delayed.
type ContestedError struct {
	Kind, Name string
	// Field is a path such as spec.replicas.
	Field string
	// Managers are the field managers that own the field, empty if it is removed.
	Managers []string
	// Retry is the time until the next restoration, more than 0.
	Retry time.Duration
}

func (e *ContestedError) Error() string {
	who := "somebody, such as an admission policy, takes away"
	if len(e.Managers) > 0 {
		who = strings.Join(e.Managers, ", ") + " changes"
	}
	return fmt.Sprintf("%s %s of %s %s each time it is restored, so restoring it is delayed more and more", who, e.Field, e.Kind, e.Name)
}

// notTyped is the prefix of the server's error for an object it cannot parse, such as a list with a duplicate key. Its code is
// 500.
const notTyped = "failed to create typed patch object"

// IsInvalid reports whether the server's schema validation rejected the object. Admission policies and webhooks may answer 422
// as well, but can be lifted: policies name no field, webhooks begin with their own words.
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
