package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Checks are all that Analyze looks for, by code: 1xx cannot work, 2xx is likely to cause trouble, 3xx could be better.
var Checks = []Check{
	{"MSV101", Error, "A dependency does not exist", (*System).missing},
	{"MSV102", Error, "A dependency does not admit the Microservice", (*System).refused},
	{"MSV103", Warning, "Microservices depend on each other in a circle", (*System).cycle},
	{"MSV104", Error, "A route has no Gateway", (*System).routeWithoutGateway},
	{"MSV201", Warning, "Most of the system depends on one Microservice", (*System).hub},
	{"MSV202", Warning, "A chain of required dependencies is long", (*System).longChain},
	{"MSV203", Warning, "Several Microservices use one database", (*System).sharedDatabase},
	{"MSV206", Advice, "An external host is reachable at every address", (*System).openHost},
	{"MSV207", Error, "An autoscaler has no resource requests to measure by", (*System).autoscalerWithoutRequests},
	{"MSV208", Warning, "An image has no fixed version", (*System).movingTag},
	{"MSV209", Warning, "A single replica has dependents", (*System).singleReplica},
	{"MSV210", Warning, "Declared dependencies are not enforced", (*System).notIsolated},
	{"MSV211", Error, "Two controllers decide the number of replicas", (*System).secondScaler},
	{"MSV212", Warning, "Several Microservices want the same requests", (*System).sameRequests},
	{"MSV301", Advice, "Nothing but an open port tells that it is ready", (*System).noReadinessProbe},
	{"MSV302", Advice, "Memory is not limited", (*System).noMemoryLimit},
	{"MSV303", Advice, "A changed ConfigMap or Secret restarts nothing", (*System).environmentFrom},
}

// resolved calls do with each dependency on a Microservice, and with what it comes to.
func (s *System) resolved(ms *v1alpha1.Microservice, do func(d *v1alpha1.Dependency, r *dependency.Resolution)) {
	targets := map[dependency.Key]*v1alpha1.Microservice{}
	for _, key := range dependency.Targets(ms, dependency.Microservice) {
		if target := s.world.Microservices[key]; target != nil {
			targets[key] = target
		}
	}
	all := dependency.Resolve(dependency.Input{Microservice: ms, Microservices: targets})
	for i := range all {
		if all[i].Target.Kind == dependency.Microservice {
			do(&ms.Spec.Dependencies[i], &all[i])
		}
	}
}

func (s *System) missing(ms *v1alpha1.Microservice) (found []problem) {
	s.resolved(ms, func(d *v1alpha1.Dependency, r *dependency.Resolution) {
		name := Name(r.Target.Key, ms.Namespace)
		switch {
		case d.Optional || s.world.Hidden.Has(r.Target.Key):
		case s.world.Microservices[r.Target.Key] == nil:
			found = append(found, problem{field(d), fmt.Sprintf("there is no Microservice %s", name), "create it, or fix the name"})
		case r.State == v1alpha1.DependencyPortNotFound:
			found = append(found, problem{field(d) + ".port", r.Message, "fix the name of the port, or add the port to " + name})
		}
	})
	return found
}

func field(d *v1alpha1.Dependency) string { return "spec.dependencies[" + d.Name + "]" }

func (s *System) refused(ms *v1alpha1.Microservice) (found []problem) {
	s.resolved(ms, func(d *v1alpha1.Dependency, r *dependency.Resolution) {
		target := s.world.Microservices[r.Target.Key]
		// The labels of namespaces are not known here: a selector may admit it.
		if target == nil || r.State != v1alpha1.DependencyNotPermitted || dependency.SelectsNamespaces(target) {
			return
		}
		found = append(found, problem{field(d), fmt.Sprintf("%s does not admit namespace %s", Name(r.Target.Key, ms.Namespace), ms.Namespace),
			"ask its team for consent in its spec.allowedDependents"})
	})
	return found
}

// cycle is reported once, for the first member.
func (s *System) cycle(ms *v1alpha1.Microservice) []problem {
	c := s.cycles[dependency.KeyOf(ms)]
	if c == nil || c.Members()[0] != dependency.KeyOf(ms) {
		return nil
	}
	return []problem{{"spec.dependencies", fmt.Sprintf("%d Microservices depend on each other: %s", len(c.Members()), c.Describe(dependency.KeyOf(ms))),
		"remove one of these dependencies, for instance by an event instead of a call; they can only be released together"}}
}

// A hub is needed by more than half of a system that is not tiny.
const hubDependents = 10

func (s *System) hub(ms *v1alpha1.Microservice) []problem {
	n := len(s.dependents[dependency.KeyOf(ms)])
	if n < hubDependents || 2*n <= len(s.all) {
		return nil
	}
	return []problem{{"spec", fmt.Sprintf("%d of %d Microservices depend on it: when it is down, most of the system is", n, len(s.all)),
		"split it by what its dependents need, or give it more replicas and a team that is on call"}}
}

const maxChain = 5

// longChain is reported where a chain begins.
func (s *System) longChain(ms *v1alpha1.Microservice) []problem {
	key := dependency.KeyOf(ms)
	n := s.chain(key)
	if n <= maxChain || len(s.dependents[key]) > 0 {
		return nil
	}
	return []problem{{"spec.dependencies", fmt.Sprintf("a chain of %d required dependencies begins here: their latencies and failures add up", n-1),
		"make dependencies optional that it can do without, or answer from data of its own"}}
}

// databasePorts are the usual ports of databases.
var databasePorts = map[int32]string{5432: "PostgreSQL", 3306: "MySQL", 27017: "MongoDB", 6379: "Redis", 1433: "SQL Server", 9042: "Cassandra", 1521: "Oracle"}

// databaseName matches the names that databases are given.
var databaseName = regexp.MustCompile(`(^|-)(postgres(ql)?|mysql|mariadb|mongo(db)?|redis|cassandra|database|db)(-|$|\d)`)

// databasesOf returns names of the databases that a Microservice depends on: Services and external hosts with the port or the name of
// one.
func databasesOf(ms *v1alpha1.Microservice) []string {
	var names []string
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		switch target := dependency.TargetOf(ms, d); target.Kind {
		case dependency.Service:
			if databaseName.MatchString(target.Key.Name) || databaseName.MatchString(d.Port) {
				names = append(names, "Service "+target.Key.Namespace+"/"+target.Key.Name)
			}
		case dependency.External:
			isDatabase := databaseName.MatchString(d.Name) || slices.ContainsFunc(d.External.Ports, func(p v1alpha1.ExternalPort) bool { return databasePorts[p.Port] != "" })
			if d.External.Host != "" && isDatabase {
				names = append(names, "host "+d.External.Host)
			}
		}
	}
	return names
}

// sharedDatabase is reported for each of those that share it.
func (s *System) sharedDatabase(ms *v1alpha1.Microservice) (found []problem) {
	for _, name := range databasesOf(ms) {
		var others []string
		for _, other := range s.databases[name] {
			if other != ms {
				others = append(others, Name(dependency.KeyOf(other), ms.Namespace))
			}
		}
		if len(others) > 0 {
			found = append(found, problem{"spec.dependencies", fmt.Sprintf("%s is also used by %s: a change of its tables is a change of all of them", name, strings.Join(others, ", ")),
				"let one Microservice own the data, and the others ask it"})
		}
	}
	return found
}

func (s *System) openHost(ms *v1alpha1.Microservice) (found []problem) {
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		if d.External != nil && d.External.Host != "" && len(d.External.CIDRs) == 0 {
			found = append(found, problem{field(d) + ".external.cidrs",
				fmt.Sprintf("a NetworkPolicy knows no names: without networks of %s its ports are open to every address outside", d.External.Host),
				"list the networks of the host in external.cidrs, if they are fixed"})
		}
	}
	return found
}

func (s *System) autoscalerWithoutRequests(ms *v1alpha1.Microservice) []problem {
	a := ms.Spec.Autoscaling
	if a == nil || a.External != nil || len(a.Metrics) > 0 {
		return nil
	}
	if ms.Spec.Resources != nil && len(ms.Spec.Resources.Requests) > 0 {
		return nil
	}
	return []problem{{"spec.resources.requests", "autoscaling is a share of the resource requests, and there are none", "set resources.requests.cpu"}}
}

func (s *System) movingTag(ms *v1alpha1.Microservice) []problem {
	image := ms.Spec.Image
	if strings.Contains(image, "@sha256:") {
		return nil
	}
	if _, tag := SplitImage(image); tag != "" && tag != "latest" {
		return nil
	}
	return []problem{{"spec.image", fmt.Sprintf("image %s may be another one at each start of a pod", image), "name a version or a digest"}}
}

// SplitImage cuts an image at its tag or the hash of its digest, empty for none. A registry may have a port.
func SplitImage(image string) (repository, tag string) {
	at := strings.LastIndex(image, ":")
	if at <= strings.LastIndex(image, "/") {
		return image, ""
	}
	return image[:at], image[at+1:]
}

func (s *System) singleReplica(ms *v1alpha1.Microservice) []problem {
	n := len(s.dependents[dependency.KeyOf(ms)])
	if n == 0 || ms.Spec.GuaranteedReplicas() != 1 {
		return nil
	}
	return []problem{{"spec.replicas", fmt.Sprintf("it has one replica, and %d depend on it: each node that is drained is an outage", n),
		"set replicas, or minReplicas of autoscaling or its external, to at least 2"}}
}

func (s *System) notIsolated(ms *v1alpha1.Microservice) []problem {
	p := ms.Spec.NetworkPolicy
	if p == nil || p.Isolation != v1alpha1.IsolationNone || len(ms.Spec.Dependencies) == 0 {
		return nil
	}
	return []problem{{"spec.networkPolicy.isolation", "it may call everybody, whatever its dependencies are", "remove isolation: None"}}
}

func (s *System) noReadinessProbe(ms *v1alpha1.Microservice) []problem {
	if len(ms.Spec.Ports) == 0 || ms.Spec.Probes != nil && ms.Spec.Probes.Readiness != nil {
		return nil
	}
	return []problem{{"spec.probes.readiness", "it counts as ready as soon as its first port is open", "declare a readiness probe that asks the application"}}
}

func (s *System) noMemoryLimit(ms *v1alpha1.Microservice) []problem {
	if ms.Spec.Resources != nil && !ms.Spec.Resources.Limits.Memory().IsZero() {
		return nil
	}
	return []problem{{"spec.resources.limits.memory", "it may take all memory of its node", "set resources.limits.memory"}}
}

func (s *System) environmentFrom(ms *v1alpha1.Microservice) []problem {
	if len(ms.Spec.EnvFrom) == 0 {
		return nil
	}
	return []problem{{"spec.envFrom", "pods keep the values with which they started, whatever becomes of the ConfigMap or Secret",
		"give it another name with each content, as kustomize's generators do, or restart: kubectl rollout restart deployment/" + ms.Name}}
}
