// Package argocd runs the Lua of config/argocd as Argo CD does, with the same engine.
package argocd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// timeout is what Argo CD gives a script.
const timeout = time.Second

// Folder holds the scripts of the Microservice, in the form of Argo CD's own repository.
func Folder() string {
	customizations := filepath.Join(cluster.Root(), "config", "argocd", "resource_customizations")
	return filepath.Join(customizations, "apps.microservice.dev", "Microservice")
}

// Action is something that the menu of a Microservice offers.
type Action struct {
	Name, DisplayName, IconClass string
	Disabled                     bool
}

// Health is what Argo CD shows for a live Microservice. Scripts that are built into Argo CD run with all libraries of
// Lua; those of argocd-cm without string, math and most of os.
func Health(object map[string]any, openLibs bool) (status, message string, err error) {
	script, err := os.ReadFile(filepath.Join(Folder(), "health.lua"))
	if err != nil {
		return "", "", err
	}
	return health(string(script), object, openLibs)
}

// Actions are what the menu of a live Microservice offers.
func Actions(object map[string]any, openLibs bool) (map[string]Action, error) {
	script, err := os.ReadFile(filepath.Join(Folder(), "actions", "discovery.lua"))
	if err != nil {
		return nil, err
	}
	return actions(string(script), object, openLibs)
}

// Act is the Microservice after an action. Argo CD sends the difference as a merge patch.
func Act(action string, object map[string]any, openLibs bool) (map[string]any, error) {
	script, err := os.ReadFile(filepath.Join(Folder(), "actions", action, "action.lua"))
	if err != nil {
		return nil, err
	}
	return act(string(script), object, openLibs)
}

func health(script string, object map[string]any, openLibs bool) (status, message string, err error) {
	result, err := table(script, object, openLibs)
	if err != nil {
		return "", "", err
	}
	status, _ = result["status"].(string) // anything else is no status, which the next lines refuse
	message, _ = result["message"].(string)
	switch status {
	case "Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown":
		return status, message, nil
	default:
		return "", "", fmt.Errorf("the script returned the status %v, which Argo CD does not know", result["status"])
	}
}

func actions(script string, object map[string]any, openLibs bool) (map[string]Action, error) {
	result, err := table(script, object, openLibs)
	if err != nil {
		return nil, err
	}
	found := map[string]Action{}
	for name, value := range result {
		fields, _ := value.(map[string]any) // an empty table is an action without words
		action := Action{Name: name}
		action.DisplayName, _ = fields["displayName"].(string)
		action.IconClass, _ = fields["iconClass"].(string)
		action.Disabled, _ = fields["disabled"].(bool)
		found[name] = action
	}
	return found, nil
}

func act(script string, object map[string]any, openLibs bool) (map[string]any, error) {
	result, err := table(script, object, openLibs)
	if err != nil {
		return nil, err
	}
	return withEmptyMaps(result, object).(map[string]any), nil
}

// table runs a script that has to return a table with names.
func table(script string, object map[string]any, openLibs bool) (map[string]any, error) {
	result, err := run(script, object, openLibs)
	if err != nil {
		return nil, err
	}
	named, ok := result.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the script returned %v, want a table", result)
	}
	return named, nil
}

func run(script string, object map[string]any, openLibs bool) (any, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: !openLibs})
	defer l.Close()
	if !openLibs {
		if err := openSafeLibs(l); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	l.SetContext(ctx)
	l.SetGlobal("obj", toLua(l, object))
	l.SetGlobal("actionParams", l.NewTable())
	if err := l.DoString(script); err != nil {
		return nil, fmt.Errorf("running the script: %w", errors.Join(err, ctx.Err()))
	}
	return fromLua(l.Get(-1))
}

// openSafeLibs opens what a script of argocd-cm has: require("os") has time and date only, and there is no global os.
func openSafeLibs(l *lua.LState) error {
	libs := []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage}, // first, because the others register with it
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
	}
	for _, lib := range libs {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(lib.open), Protect: true}, lua.LString(lib.name)); err != nil {
			return fmt.Errorf("opening the library %q: %w", lib.name, err)
		}
	}
	l.PreloadModule(lua.OsLibName, func(l *lua.LState) int {
		l.Push(l.SetFuncs(l.NewTable(), safeOS()))
		return 1
	})
	return nil
}

func safeOS() map[string]lua.LGFunction {
	all := lua.NewState()
	defer all.Close()
	functions := map[string]lua.LGFunction{}
	for _, name := range []string{"time", "date"} {
		functions[name] = all.GetField(all.GetGlobal(lua.OsLibName), name).(*lua.LFunction).GFunction
	}
	return functions
}
