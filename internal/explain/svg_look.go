package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Look is how a node appears: by shape, colour and word, so that no one of them is needed to tell the states apart.
type Look struct {
	// Class is that of the card and its second line.
	Class string
	// Word is for the legend.
	Word string
	// Icon is SVG around the origin, 16 high.
	Icon string
}

var (
	lookReady    = Look{"ready", "Ready", `<circle class="fill" r="8"/><path class="sign" d="M-3.6 .3-1.1 2.8 3.7-2.4"/>`}
	lookNotReady = Look{"notready", "Not ready", `<rect class="fill" x="-7.5" y="-7.5" width="15" height="15" rx="3.5"/><path class="sign" d="M-3-3 3 3M3-3-3 3"/>`}
	lookMoving   = Look{"moving", "In progress", `<circle class="ring" r="7.2"/><path class="line" d="M0-3.6V.4L2.8 2.4"/>`}
	lookMissing  = Look{"missing", "Missing", `<path class="fill" d="M0-9 9 0 0 9-9 0Z"/><path class="sign" d="M0-4.2V1M0 3.9V4"/>`}
	lookParked   = Look{"parked", "Parked", `<circle class="ring" r="7.2"/><path class="line" d="M-2.2-3V3M2.2-3V3"/>`}
	lookUnknown  = Look{"unknown", "Not observed", `<circle class="ring dotted" r="7.2"/>`}
	lookService  = Look{"service", "Service", `<path class="ring" d="M-4-7H4L7.5-3.5V3.5L4 7H-4L-7.5 3.5V-3.5Z"/>`}
	lookGateway  = Look{"gateway", "Gateway", `<path class="line" d="M-7.5-7V7M-3 0H6.5M2.5-4 6.5 0 2.5 4"/>`}
	lookExternal = Look{"external", "Outside the cluster", `<rect class="ring" x="-8" y="-6.5" width="16" height="13" rx="6.5"/><path class="line" d="M-2.5 2.5 2.5-2.5M-1.2-2.5H2.5V1.2"/>`}
)

// looks are all, in the order of the legend.
var looks = []Look{lookReady, lookNotReady, lookMoving, lookMissing, lookParked, lookUnknown, lookService, lookExternal, lookGateway}

// Looks returns all looks, in the order of a legend.
func Looks() []Look { return slices.Clone(looks) }

// Style returns the style sheet of the picture, with light and dark colours.
func Style() string { return svgStyle }

// Look is the class of a node: ready, notready, moving, missing, parked, unknown, service, gateway or external.
func (n Node) Look() string { return n.look().Class }

func (n Node) look() Look {
	switch {
	case n.Kind == dependency.External:
		return lookExternal
	case n.Kind == Gateway:
		return lookGateway
	case n.State == StateReady && (n.Reason == v1alpha1.ReasonParked || n.Reason == v1alpha1.ReasonScaledToZero):
		return lookParked
	case n.State == StateReady:
		return lookReady
	case n.State == StateNotReady && n.Reason == v1alpha1.ReasonPaused:
		return lookUnknown
	case n.State == StateNotReady && (n.isStale() || n.Reason == v1alpha1.ReasonRollingOut || n.Reason == v1alpha1.ReasonWaitingForDependency):
		return lookMoving
	case n.State == StateNotReady:
		return lookNotReady
	case n.State == StateMissing:
		return lookMissing
	case n.Kind == dependency.Service:
		return lookService
	default:
		return lookUnknown
	}
}

// Words returns what stands below the name of a node: its state, or the reason for it.
func (n Node) Words() string {
	word := n.look().Word
	switch {
	case n.Kind == dependency.External:
		return "outside the cluster"
	case n.Kind == Gateway:
		return strings.Join(n.Hostnames, ", ")
	case n.Kind == Namespace:
		return n.namespaceWords()
	case n.Kind == dependency.Service && n.State == StateUnknown:
		return "Service"
	case n.Kind == dependency.Service:
		return "Service, " + strings.ToLower(word)
	case n.State == StateReady && n.Reason == v1alpha1.ReasonScaledToZero:
		return "Scaled to zero"
	case n.isStale():
		return "New spec pending"
	case n.State == StateNotReady:
		return cmp.Or(n.Reason, word)
	default:
		return word
	}
}

// isStale reports whether a node was ready with an older spec than it has now.
func (n Node) isStale() bool {
	return n.State == StateNotReady &&
		(n.Reason == v1alpha1.ReasonAvailable || n.Reason == v1alpha1.ReasonParked || n.Reason == v1alpha1.ReasonScaledToZero)
}

// isBroken reports whether the operator says that the dependency cannot be used now.
func (e Edge) isBroken() bool {
	switch e.State {
	case "", v1alpha1.DependencyReady, v1alpha1.DependencyUnverified:
		return false
	default:
		return true
	}
}

// svgStyle has light colours, and dark ones for who prefers them. Colours of text have a contrast of 4.5 and more with what they
// stand on (https://www.w3.org/TR/WCAG22/#contrast-minimum). It uses no variables, which programs other than browsers do not know.
const svgStyle = `
text { font-family: -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
.canvas { fill: #f6f8fa; stroke: #d8dee4 }
.head { font-size: 16px; font-weight: 600; letter-spacing: -.01em }
.sub, .legend text { font-size: 12px; fill: #59636e }
.name { font-size: 14px; font-weight: 600; letter-spacing: -.01em }
.word { font-size: 12px; fill: #59636e }
.space { font-size: 11px; font-weight: 600 }
.card { fill: #fff; stroke: #d1d9e0 }
.ring, .line { fill: none; stroke: #59636e; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round }
.dotted { stroke-dasharray: 2.6 3.05 }
.sign { fill: none; stroke: #fff; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
.ready .fill { fill: #1a7f37 } .ready .word { fill: #1a7f37 }
.notready .fill { fill: #cf222e } .notready .word { fill: #b31d28 }
.notready .card { fill: #fff3f2; stroke: #cf222e; stroke-width: 1.5 }
.moving .ring, .moving .line { stroke: #0969da } .moving .word { fill: #0860ca }
.missing .fill { fill: #9a6700 } .missing .word { fill: #8a5c00 }
.missing .card { fill: #fffaeb; stroke: #bf8700; stroke-width: 1.5; stroke-dasharray: 5 3 }
.parked .card, .unknown .card { fill: #fbfcfd }
.edge { fill: none; stroke: #818b98; stroke-width: 1.5; stroke-linecap: round }
.optional { stroke-dasharray: 6 4; stroke-linecap: butt }
.broken { stroke: #cf222e; stroke-width: 2 }
.tip { fill: #818b98 } .stop { fill: #f6f8fa; stroke: #cf222e; stroke-width: 1.6; stroke-linecap: round }
.cycle { fill: #8250df; fill-opacity: .07; stroke: #8250df; stroke-opacity: .45; stroke-dasharray: 4 4 }
.caption { font-size: 12px; font-weight: 600; fill: #6639ba }
.ns0 { fill: #0550ae } .ns1 { fill: #6639ba } .ns2 { fill: #0b6b74 } .ns3 { fill: #99286e } .ns4 { fill: #475569 } .ns5 { fill: #566000 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.canvas { fill: #0d1117; stroke: #30363d }
.sub, .word, .legend text { fill: #9198a1 }
.card { fill: #161b22; stroke: #3d444d }
.ring, .line { stroke: #9198a1 }
.sign { stroke: #0d1117 }
.ready .fill, .ready .word { fill: #3fb950 }
.notready .fill { fill: #f85149 } .notready .word { fill: #ff7b72 } .notready .card { fill: #2a1618; stroke: #f85149 }
.moving .ring, .moving .line { stroke: #4493f8 } .moving .word { fill: #58a6ff }
.missing .fill { fill: #d29922 } .missing .word { fill: #e3b341 } .missing .card { fill: #272115; stroke: #9e6a03 }
.parked .card, .unknown .card { fill: #11161d }
.edge { stroke: #6e7681 } .broken { stroke: #f85149 }
.tip { fill: #6e7681 } .stop { fill: #0d1117; stroke: #f85149 }
.cycle { fill: #a371f7; fill-opacity: .1; stroke: #a371f7 } .caption { fill: #d2a8ff }
.ns0 { fill: #79c0ff } .ns1 { fill: #d2a8ff } .ns2 { fill: #6fd3dc } .ns3 { fill: #ff9bce } .ns4 { fill: #a9b8cc } .ns5 { fill: #c5cf6a }
}
`
