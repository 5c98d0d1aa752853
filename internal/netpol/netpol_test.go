package netpol

import (
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// web talks to api, which is in another namespace.
func connection() *Connection {
	return &Connection{
		From: Endpoint{Namespace: "shop", NamespaceLabels: labels.Set{"team": "shop"}, Labels: labels.Set{"app": "web"}, Address: netip.MustParseAddr("10.1.0.1")},
		To: Endpoint{
			Namespace: "core", NamespaceLabels: labels.Set{"team": "core"}, Labels: labels.Set{"app": "api"}, Address: netip.MustParseAddr("10.1.0.2"),
			Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "dns", ContainerPort: 8080, Protocol: corev1.ProtocolUDP}},
		},
		Port: 8080, Protocol: corev1.ProtocolTCP,
	}
}

const (
	ofWeb = "metadata: {name: web, namespace: shop}\nspec:\n  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n"
	ofAPI = "metadata: {name: api, namespace: core}\nspec:\n  podSelector: {matchLabels: {app: api}}\n  policyTypes: [Ingress]\n"
)

func TestJudge(t *testing.T) {
	for name, tc := range map[string]struct {
		policies        string
		egress, ingress bool
		by              string
	}{
		"no policy":                    {"", true, true, ""},
		"isolated on both sides":       {ofWeb + "---\n" + ofAPI, false, false, ""},
		"other pods are isolated":      {strings.ReplaceAll(ofWeb, "app: web", "app: other"), true, true, ""},
		"another namespace's policy":   {strings.ReplaceAll(ofWeb, "shop", "core"), true, true, ""},
		"everything":                   {ofWeb + "  egress: [{}]", true, true, "web"},
		"a port":                       {ofWeb + "  egress: [{ports: [{port: 8080}]}]", true, true, "web"},
		"another port":                 {ofWeb + "  egress: [{ports: [{port: 8081}]}]", false, true, ""},
		"another protocol":             {ofWeb + "  egress: [{ports: [{port: 8080, protocol: UDP}]}]", false, true, ""},
		"all ports of a protocol":      {ofWeb + "  egress: [{ports: [{protocol: TCP}]}]", true, true, "web"},
		"a range":                      {ofWeb + "  egress: [{ports: [{port: 8000, endPort: 8080}]}]", true, true, "web"},
		"below the range":              {ofWeb + "  egress: [{ports: [{port: 8081, endPort: 9000}]}]", false, true, ""},
		"a name of the receiver":       {ofWeb + "  egress: [{ports: [{port: http}]}]", true, true, "web"},
		"a name of another protocol":   {ofWeb + "  egress: [{ports: [{port: dns}]}]", false, true, ""},
		"pods of the own namespace":    {ofWeb + "  egress: [{to: [{podSelector: {matchLabels: {app: api}}}]}]", false, true, ""},
		"pods of all namespaces":       {ofWeb + "  egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}]}]", true, true, "web"},
		"a namespace":                  {ofWeb + "  egress: [{to: [{namespaceSelector: {matchLabels: {team: core}}}]}]", true, true, "web"},
		"another namespace":            {ofWeb + "  egress: [{to: [{namespaceSelector: {matchLabels: {team: shop}}}]}]", false, true, ""},
		"a namespace and other pods":   {ofWeb + "  egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}]}]", false, true, ""},
		"a network":                    {ofWeb + "  egress: [{to: [{ipBlock: {cidr: 10.1.0.0/16}}]}]", true, true, "web"},
		"a network with an exception":  {ofWeb + "  egress: [{to: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.0.2/32]}}]}]", false, true, ""},
		"the second peer":              {ofWeb + "  egress: [{to: [{podSelector: {}}, {namespaceSelector: {}}]}]", true, true, "web"},
		"the second rule":              {ofWeb + "  egress: [{ports: [{port: 1}]}, {}]", true, true, "web"},
		"policies add up":              {ofWeb + "---\n" + strings.Replace(ofWeb, "name: web", "name: more", 1) + "  egress: [{}]", true, true, "more"},
		"ingress":                      {ofAPI + "  ingress: [{from: [{namespaceSelector: {matchLabels: {team: shop}}}]}]", true, true, "api"},
		"ingress from others":          {ofAPI + "  ingress: [{from: [{podSelector: {}}]}]", true, false, ""},
		"types as the server fills in": {strings.ReplaceAll(ofWeb+"  egress: [{ports: [{port: 1}]}]", "  policyTypes: [Egress]\n", ""), false, true, ""},
		"no types, no egress":          {strings.ReplaceAll(ofWeb, "  policyTypes: [Egress]\n", ""), true, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Judge(parse(t, tc.policies), connection())
			if err != nil {
				t.Fatal(err)
			}
			if v.Egress.Allowed != tc.egress || v.Ingress.Allowed != tc.ingress || v.Allowed() != (tc.egress && tc.ingress) || v.Egress.By+v.Ingress.By != tc.by {
				t.Errorf("%+v", v)
			}
		})
	}
}

// A side names its policies and the rule that allows, for people to find it.
func TestJudgeNamesTheRule(t *testing.T) {
	v, err := Judge(parse(t, ofWeb+"---\n"+strings.Replace(ofWeb, "name: web", "name: more", 1)+"  egress: [{ports: [{port: 1}]}, {}]"), connection())
	if err != nil || v.Egress.By != "more" || v.Egress.Rule != 2 || strings.Join(v.Egress.Policies, " ") != "web more" {
		t.Errorf("%+v, %v", v, err)
	}
}

// An address that is no pod matches no selector, and has no policies.
func TestJudgeAddress(t *testing.T) {
	outside := connection()
	outside.From = Endpoint{Address: netip.MustParseAddr("192.0.2.1")}
	for rule, want := range map[string]bool{
		"{from: [{namespaceSelector: {}}]}":             false,
		"{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}":     true,
		"{from: [{ipBlock: {cidr: \"2001:db8::/8\"}}]}": false,
		"{}": true,
	} {
		v, err := Judge(parse(t, ofAPI+"  ingress: ["+rule+"]"), outside)
		if err != nil || v.Allowed() != want || !v.Egress.Allowed {
			t.Errorf("%s: %+v, %v", rule, v, err)
		}
	}
	unknown := connection()
	unknown.From.Address = netip.Addr{}
	if v, err := Judge(parse(t, ofAPI+"  ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"), unknown); err != nil || v.Allowed() {
		t.Errorf("an unknown address is in a network: %+v, %v", v, err)
	}
}

// What the API server would refuse is an error that names the policy.
func TestJudgeInvalid(t *testing.T) {
	for name, policies := range map[string]string{
		"a network":  ofWeb + "  egress: [{to: [{ipBlock: {cidr: nonsense}}]}]",
		"a selector": ofWeb + "  egress: [{to: [{podSelector: {matchExpressions: [{key: a, operator: Like}]}, namespaceSelector: {}}]}]",
	} {
		if _, err := Judge(parse(t, policies), connection()); err == nil || !strings.Contains(err.Error(), "NetworkPolicy shop/web") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func parse(t *testing.T, documents string) []networkingv1.NetworkPolicy {
	t.Helper()
	var all []networkingv1.NetworkPolicy
	for _, document := range strings.Split(documents, "---\n") {
		if document == "" {
			continue
		}
		p := networkingv1.NetworkPolicy{}
		if err := yaml.UnmarshalStrict([]byte(document), &p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
