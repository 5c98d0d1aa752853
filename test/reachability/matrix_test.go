package reachability_test

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// way is from one peer to another.
type way struct {
	from, to *peer
}

// matrix is a table of who reaches whom, and on which ports.
type matrix struct {
	peers []*peer
	// tried is how many ports were tried on each way.
	tried map[way]int
	open  map[way][]string
}

func newMatrix(peers []*peer) *matrix {
	return &matrix{peers: peers, tried: map[way]int{}, open: map[way][]string{}}
}

func (x *matrix) add(c connection, allowed bool) {
	w := way{from: c.from, to: c.to}
	x.tried[w]++
	if allowed {
		x.open[w] = append(x.open[w], portLabel(c))
	}
}

func portLabel(c connection) string {
	if c.protocol == corev1.ProtocolTCP {
		return fmt.Sprint(c.port)
	}
	return fmt.Sprintf("%d/%s", c.port, c.protocol)
}

// waysBetweenMicroservices are those with at least one open port, sorted.
func (x *matrix) waysBetweenMicroservices() []string {
	var ways []string
	for w, ports := range x.open {
		if len(ports) > 0 && w.from.microservice.Name != "" && w.to.microservice.Name != "" {
			ways = append(ways, w.from.microservice.Name+" -> "+w.to.microservice.Name)
		}
	}
	slices.Sort(ways)
	return ways
}

func (x *matrix) String() string {
	head := []string{"", "from"}
	for i := range x.peers {
		head = append(head, fmt.Sprint(i+1))
	}
	rows := [][]string{head}
	for i, from := range x.peers {
		row := []string{fmt.Sprint(i + 1), strings.TrimPrefix(from.name, boutique+"/")}
		for _, to := range x.peers {
			row = append(row, x.cell(way{from: from, to: to}))
		}
		rows = append(rows, row)
	}
	return legend + aligned(rows)
}

const legend = `Each row is a sender, each column the receiver of that number. A cell has the ports that are open, TCP
unless it says so; '.' is none, 'all' all that were tried, '-' not tried. A service to itself is one
replica to another.

`

// aligned pads the cells of each column to the width of the widest.
func aligned(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	out := &strings.Builder{}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("%-*s  ", widths[i], cell)
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.String()
}

func (x *matrix) cell(w way) string {
	open, tried := x.open[w], x.tried[w]
	switch {
	case tried == 0:
		return "-"
	case len(open) == 0:
		return "."
	case len(open) == tried:
		return "all"
	default:
		return strings.Join(open, ",")
	}
}
