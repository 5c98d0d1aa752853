package gitops_test

import (
	"path/filepath"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// The shop with its edge is accepted: its frontend has a route, traces and a scaler of the platform.
func TestOnlineBoutiqueWithItsEdge(t *testing.T) {
	asked := 0
	for _, object := range objectsOf(t, filepath.Join(cluster.Root(), "config", "samples", "online-boutique-edge")) {
		if object.GetKind() != "Microservice" {
			continue
		}
		object.SetNamespace("default")
		dryRun(t, object)
		spec := object.Object["spec"].(map[string]any)
		if spec["route"] != nil && spec["observability"] != nil && spec["autoscaling"].(map[string]any)["external"] != nil {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("%d Microservices have a route, traces and a scaler of the platform, want the frontend", asked)
	}
}
