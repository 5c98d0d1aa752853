// Package settings reads the operator's settings from its flags: those of the command line, and those of an operator that runs in a cluster.
// It is pure.
package settings

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Flags describe the cluster. Each is a comma-separated list, except the names.
type Flags struct {
	dnsNamespace      string
	dnsPodLabels      string
	dnsPorts          string
	dnsCIDRs          string
	scraperNamespaces string
	clusterCIDRs      string
	clusterDomain     string
	gateway           string
	gatewayPeers      string
	podMonitorLabels  string
	copyLabels        string
	minReadySeconds   int
	meshPorts         string
	otlp              otlpFlags
}

// Bind declares the flags with their defaults.
func (f *Flags) Bind(flags *flag.FlagSet) {
	d := resources.DefaultSettings().DNS
	flags.StringVar(&f.dnsNamespace, "dns-namespace", d.Namespace, "The namespace of the DNS pods. Every isolated Microservice may reach them.")
	flags.StringVar(&f.dnsPodLabels, "dns-pod-labels", labels.Set(d.PodLabels).String(), "The labels of the DNS pods.")
	flags.StringVar(&f.dnsPorts, "dns-ports", "53", "The ports that the DNS pods listen on, UDP and TCP. On OpenShift 5353.")
	flags.StringVar(&f.dnsCIDRs, "dns-cidrs", strings.Join(d.CIDRs, ","), "The networks of node-local DNS caches.")
	flags.StringVar(&f.scraperNamespaces, "scraper-namespaces", "", "The namespaces whose pods may reach the port named metrics of every Microservice that has one.")
	flags.StringVar(&f.clusterCIDRs, "cluster-cidrs", "", "The networks of pods, Services and nodes. An external dependency without cidrs is not opened to them.")
	flags.StringVar(&f.clusterDomain, "cluster-domain", "", "The domain at the end of injected addresses, such as cluster.local. Changing it restarts every Microservice that has dependencies.")
	flags.StringVar(&f.gateway, "gateway", "", "The Gateway of routes that name none: NAMESPACE/NAME or NAMESPACE/NAME/LISTENER.")
	flags.StringVar(&f.gatewayPeers, "gateway-peers", "", "The pods from which requests of routes come, as NAMESPACE:LABEL=VALUE,..., several separated by semicolons. Default: those in the Gateway's namespace with the label gateway.networking.k8s.io/gateway-name.")
	flags.StringVar(&f.podMonitorLabels, "pod-monitor-labels", "", "The labels of every PodMonitor, such as release=kube-prometheus-stack, if a Prometheus selects by them.")
	flags.StringVar(&f.copyLabels, "copy-labels", "", "The keys of the labels, such as team,cost-center, that generated objects inherit from their Microservice. Pods do not, so changing it restarts nothing.")
	flags.IntVar(&f.minReadySeconds, "default-min-ready-seconds", int(resources.DefaultSettings().MinReadySeconds), "How many seconds a new pod must be ready before it counts as available, unless spec.rollout.minReadySeconds is set. Changing it restarts nothing.")
	flags.StringVar(&f.meshPorts, "mesh-ports", "", "The ports on which the proxies of a service mesh talk to each other, such as 15008/TCP. They are opened where a dependency is, on both sides, and nowhere else.")
	f.otlp.bind(flags)
}

// Settings returns the settings from the flags. The error names the flag, the value and a valid example.
func (f *Flags) Settings() (resources.Settings, error) {
	s := resources.Settings{ClusterDomain: f.clusterDomain, ScraperNamespaces: Split(f.scraperNamespaces)}
	podLabels, err := labels.ConvertSelectorToLabelsMap(f.dnsPodLabels)
	if err != nil || len(podLabels) == 0 {
		return s, Wrong("dns-pod-labels", f.dnsPodLabels, "labels such as k8s-app=kube-dns")
	}
	ports, err := portNumbers(f.dnsPorts)
	if err != nil {
		return s, err
	}
	for _, list := range []struct{ flag, value string }{{"dns-cidrs", f.dnsCIDRs}, {"cluster-cidrs", f.clusterCIDRs}} {
		if err := checkCIDRs(list.flag, list.value); err != nil {
			return s, err
		}
	}
	for _, list := range []struct{ flag, value string }{{"dns-namespace", f.dnsNamespace}, {"scraper-namespaces", f.scraperNamespaces}} {
		if err := CheckNamespaces(list.flag, list.value); err != nil {
			return s, err
		}
	}
	if f.dnsNamespace == "" {
		return s, Wrong("dns-namespace", "", "the name of a namespace, such as kube-system")
	}
	if f.clusterDomain != "" && len(validation.IsDNS1123Subdomain(f.clusterDomain)) > 0 {
		return s, Wrong("cluster-domain", f.clusterDomain, "a domain such as cluster.local")
	}
	if err := f.furtherObjects(&s); err != nil {
		return s, err
	}
	if f.minReadySeconds < 0 || f.minReadySeconds > maxMinReadySeconds {
		return s, Wrong("default-min-ready-seconds", strconv.Itoa(f.minReadySeconds), "a number of seconds from 0 to 3600, such as 10")
	}
	if s.MeshPorts, err = networkPorts("mesh-ports", f.meshPorts); err != nil {
		return s, err
	}
	if s.OTLP, err = f.otlp.settings(); err != nil {
		return s, err
	}
	s.MinReadySeconds = int32(f.minReadySeconds)
	s.DNS = resources.DNS{Namespace: f.dnsNamespace, PodLabels: podLabels, Ports: ports, CIDRs: Split(f.dnsCIDRs)}
	s.ClusterCIDRs = Split(f.clusterCIDRs)
	return s, nil
}

// furtherObjects reads the settings of routes, of PodMonitors, and of the labels of all objects.
func (f *Flags) furtherObjects(s *resources.Settings) (err error) {
	if s.Gateway, err = gatewayNamed(f.gateway); err != nil {
		return err
	}
	if s.GatewayPeers, err = peers(f.gatewayPeers); err != nil {
		return err
	}
	monitorLabels, err := labels.ConvertSelectorToLabelsMap(f.podMonitorLabels)
	if err != nil {
		return Wrong("pod-monitor-labels", f.podMonitorLabels, "labels such as release=kube-prometheus-stack")
	}
	if len(monitorLabels) > 0 {
		s.PodMonitorLabels = monitorLabels
	}
	for _, key := range Split(f.copyLabels) {
		if len(validation.IsQualifiedName(key)) > 0 || resources.Reserved(key) {
			return Wrong("copy-labels", key, "keys of labels such as team, none of the operator's or of a deployment tool's")
		}
	}
	s.CopyLabels = Split(f.copyLabels)
	return nil
}

// maxMinReadySeconds prevents a typing mistake that would make every rollout last for days.
const maxMinReadySeconds = 3600

// gatewayNamed returns the Gateway of NAMESPACE/NAME[/LISTENER], nil for none.
func gatewayNamed(value string) (*v1alpha1.GatewayReference, error) {
	if value == "" {
		return nil, nil
	}
	words := strings.Split(value, "/")
	invalid := len(words) < 2 || len(words) > 3 || len(validation.IsDNS1123Label(words[0])) > 0
	for _, word := range words {
		invalid = invalid || len(validation.IsDNS1123Subdomain(word)) > 0
	}
	if invalid {
		return nil, Wrong("gateway", value, "NAMESPACE/NAME or NAMESPACE/NAME/LISTENER, such as gateways/public/https")
	}
	gateway := &v1alpha1.GatewayReference{Namespace: words[0], Name: words[1]}
	if len(words) == 3 {
		gateway.SectionName = words[2]
	}
	return gateway, nil
}

// peers returns the pods of NAMESPACE:LABEL=VALUE,...;NAMESPACE:...
func peers(list string) ([]dependency.Pods, error) {
	if list == "" {
		return nil, nil
	}
	var all []dependency.Pods
	for word := range strings.SplitSeq(list, ";") {
		pods := podsAt(strings.TrimSpace(word))
		if pods == nil {
			return nil, Wrong("gateway-peers", word, "NAMESPACE:LABEL=VALUE,..., such as envoy-gateway-system:app.kubernetes.io/name=envoy")
		}
		all = append(all, *pods)
	}
	return all, nil
}

// podsAt reads NAMESPACE:LABEL=VALUE,...; it returns nil if it cannot.
func podsAt(value string) *dependency.Pods {
	namespace, selector, _ := strings.Cut(value, ":")
	podLabels, err := labels.ConvertSelectorToLabelsMap(selector)
	if err != nil || len(podLabels) == 0 || len(validation.IsDNS1123Label(namespace)) > 0 {
		return nil
	}
	return &dependency.Pods{Namespace: namespace, Labels: podLabels}
}

func portNumbers(list string) ([]int32, error) {
	var numbers []int32
	for _, word := range Split(list) {
		n := portNumber(word)
		if n == 0 {
			return nil, Wrong("dns-ports", word, "numbers from 1 to 65535, such as 53")
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return nil, Wrong("dns-ports", list, "numbers from 1 to 65535, such as 53")
	}
	return numbers, nil
}

// portNumber reads the number of a port; it returns 0 for anything else.
func portNumber(word string) int32 {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return int32(n)
}

// networkPorts reads a list of NUMBER/PROTOCOL.
func networkPorts(name, list string) ([]dependency.NetworkPort, error) {
	var all []dependency.NetworkPort
	for _, word := range Split(list) {
		number, protocol, _ := strings.Cut(word, "/")
		n := portNumber(number)
		if n == 0 || !slices.Contains([]string{"TCP", "UDP", "SCTP"}, protocol) {
			return nil, Wrong(name, word, "numbers from 1 to 65535, each with its protocol, such as 15008/TCP")
		}
		all = append(all, dependency.NetworkPort{Protocol: corev1.Protocol(protocol), Port: intstr.FromInt32(n)})
	}
	return all, nil
}

// checkCIDRs rejects host bits, and a network of all addresses, from which nothing could be excluded.
func checkCIDRs(name, list string) error {
	for _, word := range Split(list) {
		if p, err := netip.ParsePrefix(word); err != nil || p != p.Masked() || p.Bits() == 0 {
			return Wrong(name, word, "CIDRs without host bits, such as 10.0.0.0/8")
		}
	}
	return nil
}

// CheckNamespaces rejects a list whose items cannot be namespaces. The error is that of Wrong.
func CheckNamespaces(name, list string) error {
	for _, word := range Split(list) {
		if len(validation.IsDNS1123Label(word)) > 0 {
			return Wrong(name, word, "names of namespaces, such as monitoring")
		}
	}
	return nil
}

// Wrong returns the error of a flag whose value is not as wanted.
func Wrong(name, value, want string) error {
	return fmt.Errorf("--%s=%q: must be %s", name, value, want)
}

// Split returns the items of a comma-separated list without duplicates, in order.
func Split(list string) []string {
	var all []string
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" && !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}
