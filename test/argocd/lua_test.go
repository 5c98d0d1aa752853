package argocd

import (
	"strings"
	"testing"
)

// A harness that lets everything pass proves nothing.
func TestHealthRefuses(t *testing.T) {
	cases := map[string]struct {
		script    string
		wantError string
	}{
		"nothing":                    {``, "a nil cannot leave the script"},
		"a word":                     {`return "Healthy"`, "want a table"},
		"an empty table":             {`return {}`, "want a table"},
		"no status":                  {`return {message = "m"}`, "does not know"},
		"another status":             {`return {status = "Ready"}`, "does not know"},
		"a function in the table":    {`return {status = "Healthy", f = print}`, "cannot leave the script"},
		"names and numbers":          {`return {status = "Healthy", 1}`, "both names and numbers"},
		"a script that is none":      {`return {`, "running the script"},
		"an index into nothing":      {`return {status = obj.status.phase}`, "running the script"},
		"a script without end":       {`while true do end`, "deadline exceeded"},
		"the library string":         {`return {status = string.format("Healthy")}`, "non-table object"},
		"the library math":           {`return {status = "Healthy", message = math.floor(1)}`, "non-table object"},
		"the methods of a string":    {`return {status = ("Healthy"):sub(1)}`, "non-table object"},
		"the global os":              {`return {status = "Healthy", message = os.date()}`, "non-table object"},
		"what may change the system": {`return {status = "Healthy", message = require("os").remove("x")}`, "non-function"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			status, _, err := health(tc.script, map[string]any{}, false)
			if err == nil || !strings.Contains(err.Error(), tc.wantError) {
				t.Errorf("health() = %q, %v, want an error with %q", status, err, tc.wantError)
			}
		})
	}
}

// Built-in scripts have all libraries, which is how one can pass Argo CD's own tests and fail in argocd-cm.
func TestHealthWithOpenLibs(t *testing.T) {
	script := `return {status = string.format("Healthy"), message = ("x"):upper() .. require("os").date("!%Y")}`
	status, message, err := health(script, map[string]any{}, true)
	if status != "Healthy" || len(message) != 5 || err != nil {
		t.Errorf("health() = %q, %q, %v", status, message, err)
	}
}

func TestActKeepsEmptyMaps(t *testing.T) {
	object := map[string]any{"a": map[string]any{}, "b": []any{}, "c": []any{map[string]any{"d": map[string]any{}}}}
	got, err := act(`obj.e = {} return obj`, object, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got["a"].(map[string]any); !ok {
		t.Errorf("a is %v, want a map", got["a"])
	}
	if _, ok := got["b"].([]any); !ok {
		t.Errorf("b is %v, want a list", got["b"])
	}
	if _, ok := got["c"].([]any)[0].(map[string]any)["d"].(map[string]any); !ok {
		t.Errorf("c is %v, want a map in it", got["c"])
	}
	if _, ok := got["e"].([]any); !ok {
		t.Errorf("e is %v, want a list: Lua does not know better", got["e"])
	}
}
