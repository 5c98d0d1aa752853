package argocd

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// toLua takes the numbers of a live object (int64) and those of a YAML file (float64).
func toLua(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		list := l.NewTable()
		for _, item := range v {
			list.Append(toLua(l, item))
		}
		return list
	case map[string]any:
		named := l.NewTable()
		for name, item := range v {
			named.RawSetString(name, toLua(l, item))
		}
		return named
	default:
		return lua.LNil
	}
}

// fromLua cannot tell an empty list from an empty map, and says list, as Argo CD does.
func fromLua(value lua.LValue) (any, error) {
	switch v := value.(type) {
	case lua.LBool:
		return bool(v), nil
	case lua.LString:
		return string(v), nil
	case lua.LNumber:
		return float64(v), nil
	case *lua.LTable:
		return fromTable(v)
	default:
		return nil, fmt.Errorf("a %s cannot leave the script", value.Type())
	}
}

func fromTable(t *lua.LTable) (any, error) {
	list, named := []any{}, map[string]any{}
	var failed error
	t.ForEach(func(key, value lua.LValue) {
		item, err := fromLua(value)
		if err != nil {
			failed = fmt.Errorf("%s: %w", key, err)
			return
		}
		if name, ok := key.(lua.LString); ok {
			named[string(name)] = item
		} else {
			list = append(list, item)
		}
	})
	switch {
	case failed != nil:
		return nil, failed
	case len(named) > 0 && len(list) > 0:
		return nil, fmt.Errorf("a table has both names and numbers: %v, %v", named, list)
	case len(named) > 0:
		return named, nil
	default:
		return list, nil
	}
}

// withEmptyMaps mends what became an empty list on its way through Lua and was an empty map before.
func withEmptyMaps(after, before any) any {
	switch a := after.(type) {
	case map[string]any:
		b, _ := before.(map[string]any)
		for name := range a {
			a[name] = withEmptyMaps(a[name], b[name])
		}
	case []any:
		if _, ok := before.(map[string]any); ok && len(a) == 0 {
			return map[string]any{}
		}
		if b, ok := before.([]any); ok && len(a) == len(b) {
			for i := range a {
				a[i] = withEmptyMaps(a[i], b[i])
			}
		}
	}
	return after
}
