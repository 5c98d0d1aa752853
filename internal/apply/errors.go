package apply

import "fmt"

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

// OwnerGoneError says that a child which was there is gone, and that its owner is gone, too, or going. The cache that the
// owner was read from has not heard of it.
type OwnerGoneError struct {
	Name string
}

func (e *OwnerGoneError) Error() string {
	return fmt.Sprintf("%s is deleted, and its children go with it", e.Name)
}

// GoingAwayError says that the child of a deleted owner of the same name is still there. It goes by itself.
type GoingAwayError struct {
	Kind, Name string
}

func (e *GoingAwayError) Error() string {
	return fmt.Sprintf("%s %s belongs to a deleted object of the same name and is about to be removed", e.Kind, e.Name)
}
