package resources_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

func TestSelfDependency(t *testing.T) {
	named := func(reference v1alpha1.ObjectReference) v1alpha1.Dependency {
		return v1alpha1.Dependency{Name: "peer", Microservice: &reference}
	}
	cases := map[string]struct {
		dependency v1alpha1.Dependency
		// self says that it is shop/web, which depends on it.
		self bool
	}{
		"by the alias alone":        {dependency: v1alpha1.Dependency{Name: "web"}, self: true},
		"by name":                   {dependency: named(v1alpha1.ObjectReference{Name: "web"}), self: true},
		"by namespace and name":     {dependency: named(v1alpha1.ObjectReference{Namespace: "shop", Name: "web"}), self: true},
		"its namesake elsewhere":    {dependency: named(v1alpha1.ObjectReference{Namespace: "warehouse", Name: "web"})},
		"another of its namespace":  {dependency: named(v1alpha1.ObjectReference{Namespace: "shop", Name: "payments"})},
		"another under its name":    {dependency: v1alpha1.Dependency{Name: "web", Microservice: &v1alpha1.ObjectReference{Name: "payments"}}},
		"a Service under its name":  {dependency: v1alpha1.Dependency{Name: "web", Service: &v1alpha1.ObjectReference{Name: "web-legacy"}}},
		"the outside by its name":   {dependency: v1alpha1.Dependency{Name: "web", External: &v1alpha1.ExternalDependency{Host: "web"}}},
		"a Service of its own name": {dependency: v1alpha1.Dependency{Name: "db", Service: &v1alpha1.ObjectReference{Name: "web"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := minimal(t)
			ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "first"}, {Name: "second"}, tc.dependency, {Name: "last"}}
			if !tc.self {
				build(t, alone(ms))
				return
			}
			wantInvalid(t, ms, "spec.dependencies[2].microservice",
				"shop/web is this Microservice itself: a Microservice cannot depend on itself")
		})
	}
}

func TestSelectorOfDependentsThatCannotBeRead(t *testing.T) {
	where := func(r metav1.LabelSelectorRequirement) metav1.LabelSelector {
		return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{r}}
	}
	cases := map[string]struct {
		selector metav1.LabelSelector
		want     string
	}{
		"an operator that does not exist": {
			selector: where(metav1.LabelSelectorRequirement{Key: "stage", Operator: "Foo", Values: []string{"test"}}),
			want:     `"Foo" is not a valid label selector operator`,
		},
		"values where none belong": {
			selector: where(metav1.LabelSelectorRequirement{Key: "stage", Operator: metav1.LabelSelectorOpExists, Values: []string{"test"}}),
			want:     `values: Invalid value: ["test"]: values set must be empty for exists and does not exist`,
		},
		"no values where some belong": {
			selector: where(metav1.LabelSelectorRequirement{Key: "stage", Operator: metav1.LabelSelectorOpIn}),
			want:     `values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty`,
		},
		"a label that is none": {
			selector: metav1.LabelSelector{MatchLabels: map[string]string{"stage": "not a label"}},
			want:     `values[0][stage]: Invalid value: "not a label": a valid label must be an empty string or consist of`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := minimal(t)
			ms.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromSelector, Selector: &tc.selector}
			wantInvalid(t, ms, "spec.allowedDependents.selector", tc.want)
		})
	}
}

func TestLabelsOfChildrenThatCannotBeUsed(t *testing.T) {
	ms := minimal(t)
	ms.Spec.ChildMetadata = &v1alpha1.ChildMetadata{Labels: map[string]string{"a": "fine", "team": "my team"}}
	wantInvalid(t, ms, "spec.childMetadata.labels[team]", `"my team" is not the value of a label (childMetadata.annotations take any text)`)
}
