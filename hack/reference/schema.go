package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// jsonSchemas are the schemas of a CRD's versions, by path: GROUP/KIND_VERSION.json, which is what kubeconform and the
// editors' catalogues look for.
func jsonSchemas(crd []byte) (map[string][]byte, error) {
	var definition struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(crd, &definition); err != nil {
		return nil, fmt.Errorf("decoding the CRD: %w", err)
	}
	all := map[string][]byte{}
	for _, version := range definition.Spec.Versions {
		schema := version.Schema.OpenAPIV3Schema
		strict(schema)
		kind, group := definition.Spec.Names.Kind, definition.Spec.Group
		identify(schema, kind, group+"/"+version.Name)
		text, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encoding the schema of %s: %w", version.Name, err)
		}
		all[fmt.Sprintf("%s/%s_%s.json", group, strings.ToLower(kind), version.Name)] = append(text, '\n')
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the CRD has no versions")
	}
	return all, nil
}

// identify says of which object the schema is. A CRD leaves that to its own fields.
func identify(schema map[string]any, kind, apiVersion string) {
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = kind
	required, _ := schema["required"].([]any)
	schema["required"] = append([]any{"apiVersion", "kind", "metadata"}, required...)
	properties := schema["properties"].(map[string]any) // a CRD without properties is refused by the server
	properties["apiVersion"].(map[string]any)["enum"] = []any{apiVersion}
	properties["kind"].(map[string]any)["enum"] = []any{kind}
}

// strict turns the schema of a CRD into one that refuses unknown fields, as the server does, and takes the words out that
// are Kubernetes' own. CEL rules are among them: only the server knows those.
func strict(schema map[string]any) {
	open := schema["x-kubernetes-preserve-unknown-fields"] == true
	if schema["x-kubernetes-int-or-string"] == true {
		delete(schema, "type")
		schema["anyOf"] = []any{map[string]any{"type": "integer"}, map[string]any{"type": "string"}}
	}
	if schema["nullable"] == true {
		schema["type"] = []any{schema["type"], "null"}
	}
	delete(schema, "nullable")
	for key := range schema {
		if strings.HasPrefix(key, "x-kubernetes-") {
			delete(schema, key)
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	if properties != nil && schema["additionalProperties"] == nil && !open {
		schema["additionalProperties"] = false
	}
	for _, property := range properties {
		each(property)
	}
	each(schema["items"])
	each(schema["additionalProperties"])
}

// each goes down, where there is a schema.
func each(node any) {
	if schema, ok := node.(map[string]any); ok {
		strict(schema)
	}
}
