package reachability_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// The model is worth something only as long as it shares no code with what it judges: no package of the operator but the
// API, and of that no function and no method, since those decide things too.
func TestModelStandsAlone(t *testing.T) {
	methods := apiMethods()
	if !methods["PrimaryPort"] || !methods["Target"] {
		t.Fatal("the methods of the API were not found")
	}
	files, err := filepath.Glob("model*_test.go")
	if err != nil || len(files) < 2 {
		t.Fatalf("the files of the model were not found: %v %v", files, err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if strings.Contains(i.Path.Value, "/internal/") || strings.Contains(i.Path.Value, "cyclonus") {
				t.Errorf("%s imports %s", path, i.Path.Value)
			}
		}
		for _, name := range called(file) {
			if methods[name] || strings.HasPrefix(name, "v1alpha1.") {
				t.Errorf("%s calls %s of the API: read the fields", path, name)
			}
		}
	}
}

func apiMethods() map[string]bool {
	names := map[string]bool{}
	for _, of := range []any{
		&v1alpha1.Microservice{}, &v1alpha1.MicroserviceSpec{}, &v1alpha1.Port{}, &v1alpha1.ServiceOptions{},
		&v1alpha1.NetworkPolicyOptions{}, &v1alpha1.Dependency{}, &v1alpha1.ExternalDependency{},
		&v1alpha1.ExternalPort{}, &v1alpha1.ObjectReference{}, &v1alpha1.AllowedDependents{},
	} {
		for method := range reflect.TypeOf(of).Methods() {
			names[method.Name] = true
		}
	}
	return names
}

// called are the functions of other packages, such as v1alpha1.ServiceHost, and the methods that a file calls.
func called(file *ast.File) []string {
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall {
			return true
		}
		if f, selected := call.Fun.(*ast.SelectorExpr); selected {
			names = append(names, f.Sel.Name)
			if of, named := f.X.(*ast.Ident); named {
				names = append(names, of.Name+"."+f.Sel.Name)
			}
		}
		return true
	})
	return names
}
