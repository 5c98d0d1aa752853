package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/template"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// command is the program with its arguments, and the variables that it gets.
func (s *System) command(values commandValues, more ...string) (command, env []string, err error) {
	if values.Self, err = os.Executable(); err != nil {
		return nil, nil, err
	}
	values.Kubectl = cluster.Program("kubectl")
	if command, err = fillAll(slices.Concat(s.Command, more), values); err != nil {
		return nil, nil, fmt.Errorf("the command of system %s: %w", s.Name, err)
	}
	if env, err = fillAll(s.Env, values); err != nil {
		return nil, nil, fmt.Errorf("the env of system %s: %w", s.Name, err)
	}
	if filepath.Base(command[0]) != command[0] {
		command[0] = inRoot(command[0])
	}
	return command, env, nil
}

// objects are custom resources from..to-1, spread over the namespaces.
func (s *System) objects(namespaces []string, from, to int) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for i := from; i < to; i++ {
		var text bytes.Buffer
		values := objectValues{Namespace: namespaces[i%len(namespaces)], Name: fmt.Sprintf("m%05d", i), Index: i}
		if err := s.objectTemplate.Execute(&text, values); err != nil {
			return nil, fmt.Errorf("filling the template of system %s: %w", s.Name, err)
		}
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(text.Bytes(), &o.Object); err != nil {
			return nil, fmt.Errorf("reading an object of system %s: %w", s.Name, err)
		}
		all = append(all, o)
	}
	return all, nil
}

func fillAll(words []string, values any) ([]string, error) {
	var filled []string
	for _, word := range words {
		text, err := fill(word, values)
		if err != nil {
			return nil, err
		}
		filled = append(filled, text)
	}
	return filled, nil
}

func fill(text string, values any) (string, error) {
	parsed, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var filled bytes.Buffer
	err = parsed.Execute(&filled, values)
	return filled.String(), err
}
