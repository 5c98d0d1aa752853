package settings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestOf(t *testing.T) {
	flags := Arguments(strings.Fields("/manager --leader-elect --dns-ports=53 -cluster-domain cluster.local --from-the-future=yes --dns-ports=5353 --copy-labels="))
	if diff := cmp.Diff(map[string]string{
		"leader-elect": "true", "dns-ports": "5353", "cluster-domain": "cluster.local", "from-the-future": "yes", "copy-labels": "",
	}, flags); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
	want := resources.DefaultSettings()
	want.DNS.Ports, want.ClusterDomain = []int32{5353}, "cluster.local"
	got, err := Of(flags)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	for name, value := range map[string]string{"dns-ports": "dns", "default-min-ready-seconds": "soon"} {
		if _, err := Of(map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), "--"+name) {
			t.Errorf("--%s=%s: %v", name, value, err)
		}
	}
}
