package explain

import (
	"math"
	"strconv"
	"strings"
)

// textWidth estimates how wide a text is in the fonts of usual systems, which differ. It assumes the widths of Helvetica and adds a
// margin, more for semi-bold letters. It is a whole number, so that pictures are the same on every kind of processor.
func textWidth(text string, size float64, bold bool) float64 {
	em := 0.0
	for _, r := range text {
		switch {
		case strings.ContainsRune("ijl.,:;|'!", r):
			em += 0.26
		case strings.ContainsRune("frtI-/() ", r):
			em += 0.34
		case strings.ContainsRune("ckszvxyJ", r):
			em += 0.51
		case strings.ContainsRune("mMwW", r):
			em += 0.83
		case r >= 'A' && r <= 'Z':
			em += 0.7
		case r < 0x80:
			em += 0.56
		default:
			em++
		}
	}
	if bold {
		return math.Ceil(em * size * 1.1)
	}
	return math.Ceil(em * size * 1.04)
}

// shorten replaces the middle of a text that is wider than most: names often differ at their ends.
func shorten(text string, most, size float64, bold bool) string {
	if textWidth(text, size, bold) <= most {
		return text
	}
	runes := []rune(text)
	for kept := len(runes) - 1; kept > 1; kept-- {
		head := (kept + 1) / 2
		if short := string(runes[:head]) + "…" + string(runes[len(runes)-kept+head:]); textWidth(short, size, bold) <= most {
			return short
		}
	}
	return "…"
}

// number formats a coordinate with at most one digit after the point.
func number(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10+0, 'f', -1, 64)
}
