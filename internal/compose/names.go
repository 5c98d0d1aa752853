package compose

import (
	"fmt"
	"regexp"
	"strings"
)

const maxName = 63

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// objectName returns the name of a Microservice for that of a Compose service: a DNS label that begins with a letter, and not
// default, which is the namespace's own ServiceAccount.
func objectName(service string) string {
	name := label(service)
	if name == "" || name[0] >= '0' && name[0] <= '9' || name == "default" {
		name = label("svc-" + name)
	}
	return name
}

// label returns a DNS label, empty if nothing of the text can be in one.
func label(text string) string {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if len(name) > maxName {
		name = strings.TrimRight(name[:maxName], "-")
	}
	return name
}

func collision(a, b, name string) error {
	return fmt.Errorf("services %s and %s would both be the Microservice %s: rename one of them in the Compose file, and where others call it",
		a, b, name)
}

// unique returns the name, with a number if it is taken, and takes it. It stays within limit.
func unique(name string, limit int, taken map[string]bool) string {
	if len(name) > limit {
		name = strings.TrimRight(name[:limit], "-")
	}
	candidate := name
	for i := 2; taken[candidate]; i++ {
		suffix := fmt.Sprintf("-%d", i)
		candidate = strings.TrimRight(name[:min(len(name), limit-len(suffix))], "-") + suffix
	}
	taken[candidate] = true
	return candidate
}
