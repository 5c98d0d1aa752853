package main

import (
	"fmt"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// plot draws what the report shows.
func (run *Run) plot(dir string) error {
	for name, draw := range map[string]func() (*plot.Plot, error){"create": run.plotCreate, "memory": run.plotMemory, "ready": run.plotReady} {
		p, err := draw()
		if err != nil {
			return fmt.Errorf("drawing %s: %w", name, err)
		}
		if p == nil {
			continue
		}
		if err := p.Save(18*vg.Centimeter, 9*vg.Centimeter, filepath.Join(dir, name+".svg")); err != nil {
			return fmt.Errorf("drawing %s: %w", name, err)
		}
	}
	return nil
}

// plotCreate has one group of bars for each system: until the last child exists, and CPU of the system.
func (run *Run) plotCreate() (*plot.Plot, error) {
	systems := run.systems("create")
	if len(systems) == 0 {
		return nil, nil
	}
	var wall, cpu plotter.Values
	for _, system := range systems {
		var w, c []float64
		for _, r := range run.all("create", system) {
			w, c = append(w, 1000*r.Wall/float64(r.N)), append(c, 1000*r.CPU/float64(r.N))
		}
		wall, cpu = append(wall, median(w)), append(cpu, median(c))
	}
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = "1,000 created at once (medians)", "seconds"
	p.NominalX(systems...)
	for i, values := range []plotter.Values{wall, cpu} {
		bars, err := plotter.NewBarChart(values, vg.Points(24))
		if err != nil {
			return nil, err
		}
		bars.Color, bars.Offset = plotutil.Color(i), vg.Points(float64(24*i-12))
		p.Add(bars)
		p.Legend.Add([]string{"until the last child exists", "CPU of the system"}[i], bars)
	}
	p.Legend.Top = true
	return p, nil
}

func (run *Run) plotMemory() (*plot.Plot, error) {
	var heap, resident plotter.XYs
	for _, r := range run.all("memory", run.System) {
		if r.Heap > 0 {
			heap = append(heap, plotter.XY{X: float64(r.Present), Y: mib(r.Heap)})
		}
		resident = append(resident, plotter.XY{X: float64(r.Present), Y: mib(r.Resident)})
	}
	if len(resident) == 0 {
		return nil, nil
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text, p.Y.Min = "Memory", "custom resources", "MiB", 0
	p.Legend.Top, p.Legend.Left = true, true
	lines := []any{"resident", resident}
	if len(heap) > 0 {
		lines = append([]any{"live heap", heap}, lines...)
	}
	return p, plotutil.AddLinePoints(p, lines...)
}

// plotReady has the distribution of the time to ready for each workload that has a steady rate.
func (run *Run) plotReady() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "From a change until it is seen ready", "percent of changes", "milliseconds"
	var lines []any
	for _, name := range []string{"churn", "fairness-alone", "fairness-flooded"} {
		r := run.last(name)
		if r == nil || len(r.Times) == 0 {
			continue
		}
		var points plotter.XYs
		for percent := 1.0; percent < 100; percent++ {
			points = append(points, plotter.XY{X: percent, Y: 1000 * percentile(r.Times, percent)})
		}
		lines = append(lines, name, points)
	}
	if len(lines) == 0 {
		return nil, nil
	}
	p.Y.Min, p.Legend.Top, p.Legend.Left = 0, true, true
	return p, plotutil.AddLines(p, lines...)
}
