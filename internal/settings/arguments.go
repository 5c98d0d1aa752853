package settings

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Arguments returns the flags of a command line by name. One without a value is "true".
func Arguments(words []string) map[string]string {
	flags := map[string]string{}
	for i, word := range words {
		name, isFlag := strings.CutPrefix(word, "-")
		if !isFlag {
			continue
		}
		name, value, found := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if !found {
			value = "true"
			if i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
				value = words[i+1]
			}
		}
		flags[name] = value
	}
	return flags
}

// Of returns the settings of an operator with these flags, by name. Those that set nothing here are skipped, so it may be an operator of
// another version. The error names the flag.
func Of(flags map[string]string) (resources.Settings, error) {
	set, f := flag.NewFlagSet("manager", flag.ContinueOnError), &Flags{}
	f.Bind(set)
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		if set.Lookup(name) == nil {
			continue
		}
		if err := set.Set(name, flags[name]); err != nil {
			return resources.Settings{}, fmt.Errorf("--%s=%q: %w", name, flags[name], err)
		}
	}
	return f.Settings()
}
