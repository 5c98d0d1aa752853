package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/registry"
)

// wantChart expects that the chart in the registry is the one of the release, and that it installs the image of the version.
func wantChart(t *testing.T, release string, pushed map[string]string) {
	t.Helper()
	path := filepath.Join(release, "microservice-operator-0.1.0.tgz")
	client, err := registry.NewClient(registry.ClientOptPlainHTTP())
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := client.Pull(pushed["chart"] + ":0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	if pulled.Manifest.Digest != pushed["chart-digest"] || !bytes.Equal(pulled.Chart.Data, []byte(read(t, path))) {
		t.Errorf("the registry has another chart, %s", pulled.Manifest.Digest)
	}
	chart, err := loader.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if chart.Metadata.Version != "0.1.0" || chart.Metadata.AppVersion != version {
		t.Errorf("the versions are %s and %s", chart.Metadata.Version, chart.Metadata.AppVersion)
	}
	// The oldest Kubernetes that the chart admits.
	capabilities := &common.Capabilities{KubeVersion: common.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}}
	values, err := util.ToRenderValues(chart, nil, common.ReleaseOptions{Name: "microservice-operator", Namespace: "shop", IsInstall: true}, capabilities)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := engine.Render(chart, values)
	if err != nil {
		t.Fatal(err)
	}
	if deployment := rendered["microservice-operator/templates/deployment.yaml"]; !strings.Contains(deployment, `image: "`+image+":"+version+`"`) {
		t.Errorf("it installs another image:\n%s", deployment)
	}
	if crd := rendered["microservice-operator/templates/crd.yaml"]; !strings.Contains(crd, "kind: CustomResourceDefinition") {
		t.Errorf("it installs no CRD:\n%s", crd)
	}
}
