// Package manifest reads Microservices from files, and checks them with the CRD's own schema and rules, so that a file is refused for
// what the API server would refuse it for. It needs no cluster.
package manifest

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/config/crd"
)

// Schema is the CRD's schema in the forms in which the API server uses it.
type Schema struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

// NewSchema returns the schema of the CRD that this program was built with.
func NewSchema() (*Schema, error) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(crd.Microservices, definition); err != nil {
		return nil, fmt.Errorf("reading the CRD: %w", err)
	}
	internal := &apiextensions.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(
		definition.Spec.Versions[0].Schema, internal, nil); err != nil {
		return nil, fmt.Errorf("converting the CRD's schema: %w", err)
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("reading the CRD's schema: %w", err)
	}
	validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("reading the CRD's schema: %w", err)
	}
	return &Schema{structural: structural, validator: validator, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

// Check fills in defaults of a Microservice and returns what the API server would refuse, in its order: unknown fields, the schema, the rules.
func (s *Schema) Check(object map[string]any) error {
	unknown := pruning.PruneWithOptions(object, s.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	var all []error
	for _, path := range unknown {
		all = append(all, fmt.Errorf("unknown field %q", path))
	}
	defaulting.Default(object, s.structural)
	refused := validation.ValidateCustomResource(nil, object, s.validator)
	if len(refused) == 0 {
		refused, _ = s.rules.Validate(context.Background(), nil, s.structural, object, nil, celconfig.RuntimeCELCostBudget)
	}
	for _, err := range refused {
		all = append(all, err)
	}
	return errors.Join(all...)
}
