package compose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// YAML returns the Microservice as a YAML document, its fields in the order of the API, with its comments.
func (m *Microservice) YAML() ([]byte, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding Microservice %s: %w", m.Name, err)
	}
	// JSON is YAML, and keeps the order of the fields.
	document := &yaml.Node{}
	if err := yaml.Unmarshal(raw, document); err != nil {
		return nil, fmt.Errorf("encoding Microservice %s: %w", m.Name, err)
	}
	asBlocks(document)
	for _, comment := range m.Comments {
		annotate(document.Content[0], comment)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("encoding Microservice %s: %w", m.Name, err)
	}
	return out.Bytes(), nil
}

// MarshalJSON leaves out the status, which a person does not write.
func (m *Microservice) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   any    `json:"metadata"`
		Spec       any    `json:"spec"`
	}{m.APIVersion, m.Kind, metadata{m.Name, m.Namespace}, m.Spec})
}

type metadata struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// asBlocks turns the notation of JSON into that of YAML. A string stays quoted if a reader of YAML 1.1, such as kubectl, would take it
// for something else.
func asBlocks(node *yaml.Node) {
	node.Style = 0
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" && needsQuotes(node.Value) {
		node.Style = yaml.DoubleQuotedStyle
	}
	for _, child := range node.Content {
		asBlocks(child)
	}
	if len(node.Content) == 0 && node.Kind != yaml.ScalarNode {
		node.Style = yaml.FlowStyle
	}
}

func needsQuotes(text string) bool {
	encoded, err := sigsyaml.Marshal(text)
	return err != nil || slices.Contains([]byte(`"'`), encoded[0])
}

// annotate puts a comment beside a field.
func annotate(node *yaml.Node, comment Comment) {
	for i, step := range comment.Path {
		key, value := find(node, step)
		if value == nil {
			return
		}
		if i == len(comment.Path)-1 {
			key.LineComment = comment.Text
			return
		}
		node = value
	}
}

// find returns the value of a key, or the item of a list with that name, and the node that a comment belongs to.
func find(node *yaml.Node, step string) (at, value *yaml.Node) {
	if node.Kind == yaml.SequenceNode {
		for _, item := range node.Content {
			if _, name := find(item, "name"); name != nil && name.Value == step {
				return name, item
			}
		}
		return nil, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			at, value = node.Content[i], node.Content[i+1]
			if value.Kind == yaml.ScalarNode {
				at = value
			}
			return at, value
		}
	}
	return nil, nil
}
