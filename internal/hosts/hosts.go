// Package hosts finds the names of services in texts, such as the values of variables. It is pure.
package hosts

import (
	"regexp"
	"strconv"
	"strings"
)

// Host is a place in a text where a service is named as a host.
type Host struct {
	// Service is what the name stands for.
	Service string
	// Port is 0 if the text names none.
	Port int32
	// Scheme is that of the URL in lower case, empty without one.
	Scheme string

	// start and end are the bytes of the host.
	start, end int
}

var (
	hostCharacters = regexp.MustCompile(`[A-Za-z0-9_.-]+`)
	// portAfter is a port behind a host. A password that looks like one is followed by @.
	portAfter = regexp.MustCompile(`^:(\d{1,5})(?:$|[^\w@.])`)
	// schemeBefore is the beginning of a URL up to its host, with or without a user.
	schemeBefore = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#\s]*[@,])?$`)
	// settingBefore is the key of a connection string, such as host=db.
	settingBefore = regexp.MustCompile(`(?i)\b(?:host|hostaddr|server|addr|address|data source)\s*=\s*$`)
)

// SchemePorts are the ports of URLs that name none, by scheme.
var SchemePorts = map[string]int32{
	"http": 80, "ws": 80, "https": 443, "wss": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306, "redis": 6379, "amqp": 5672,
	"mongodb": 27017, "nats": 4222, "smtp": 25, "kafka": 9092, "clickhouse": 8123,
}

// Find returns the places of a text where one of the names, in lower case, is a host: in a URL, before a port, or in a connection string.
// names lead to services. If bare is set, a name alone counts too, also in a list.
func Find(text string, names map[string]string, bare bool) []Host {
	var all []Host
	for _, at := range hostCharacters.FindAllStringIndex(text, -1) {
		service, known := names[strings.ToLower(text[at[0]:at[1]])]
		if !known {
			continue
		}
		h := Host{Service: service, start: at[0], end: at[1]}
		before, after := text[:at[0]], text[at[1]:]
		if m := portAfter.FindStringSubmatch(after); m != nil {
			if n, err := strconv.ParseInt(m[1], 10, 32); err == nil && n >= 1 && n <= 65535 {
				h.Port = int32(n)
			}
		}
		if m := schemeBefore.FindStringSubmatch(before); m != nil {
			h.Scheme = strings.ToLower(m[1])
		}
		if h.isHost(before, after, bare) {
			all = append(all, h)
		}
	}
	return all
}

// isHost reports whether the text around a name makes it a host.
func (h *Host) isHost(before, after string, bare bool) bool {
	switch {
	case h.Scheme != "":
		// in user:password@host the user is no host
		return !strings.Contains(strings.SplitN(after, "/", 2)[0], "@")
	case h.Port != 0:
		// example.com/name:16 is an image
		return !strings.HasSuffix(before, "/") || strings.HasSuffix(before, "//")
	case strings.HasSuffix(before, "@"):
		return true
	}
	return settingBefore.MatchString(before) || bare && endsItem(before) && beginsItem(after)
}

func endsItem(before string) bool {
	return before == "" || strings.HasSuffix(before, ",") || strings.HasSuffix(before, " ")
}

func beginsItem(after string) bool {
	return after == "" || strings.HasPrefix(after, ",") || strings.HasPrefix(after, " ")
}

// Rename replaces the hosts of a text by the names in Kubernetes.
func Rename(text string, hosts []Host, name func(service string) string) string {
	for i := len(hosts) - 1; i >= 0; i-- {
		h := hosts[i]
		text = text[:h.start] + name(h.Service) + text[h.end:]
	}
	return text
}
