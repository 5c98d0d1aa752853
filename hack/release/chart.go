package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/chart/v2/util"
)

// writeChart packages the chart as Helm does, with the version of the chart and of the application. The latter is the tag of the
// image that it installs.
func writeChart(source, version string, at time.Time, out string) error {
	chart, err := loader.LoadDir(filepath.Join(source, "charts", "microservice-operator"))
	if err != nil {
		return fmt.Errorf("reading the chart: %w", err)
	}
	chart.Metadata.Version, chart.Metadata.AppVersion = strings.TrimPrefix(version, "v"), version
	chart.StampModTimes(at)
	if _, err := util.Save(chart, out); err != nil {
		return fmt.Errorf("packaging the chart: %w", err)
	}
	return nil
}
