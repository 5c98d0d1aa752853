package main

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
)

// percentile is the smallest value that p percent of all values do not exceed, 0 of none.
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return stat.Quantile(p/100, stat.Empirical, slices.Sorted(slices.Values(values)), nil)
}

func median(values []float64) float64 { return percentile(values, 50) }

// ratios are those of each pair, in the order in which they were measured.
func ratios(a, b []*Result, of func(*Result) float64) []float64 {
	var all []float64
	for i := range min(len(a), len(b)) {
		all = append(all, of(a[i])/of(b[i]))
	}
	return all
}

// line is the least-squares line through points.
func line(x, y []float64) (intercept, slope float64) {
	return stat.LinearRegression(x, y, nil, false)
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// duration is a time in nanoseconds, for people.
func duration(ns float64) string {
	return time.Duration(ns).Round(time.Duration(math.Pow10(max(0, int(math.Log10(ns))-2)))).String()
}
