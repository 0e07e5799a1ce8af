package report

import (
	"strings"
	"testing"
)

// TestLabelClear puts a label beside a point with lines in its way.
func TestLabelClear(t *testing.T) {
	const x, y = 300.0, 200.0
	below := [][2]float64{{0, y + 25}, {600, y + 25}}
	above := [][2]float64{{0, y - 18}, {600, y - 18}}
	for name, c := range map[string]struct {
		lines [][][2]float64
		want  string
	}{
		"free":           {nil, `x="260" y="230"`},
		"a line below":   {[][][2]float64{below}, `x="260" y="188"`},
		"lines all over": {[][][2]float64{below, above}, `x="260" y="250"`},
	} {
		p := plane{&drawing{}, axis{from: 0, to: 1, start: 60, end: 600}, axis{from: 0, to: 1, start: 380, end: 30}}
		p.labelClear("four", x, y, c.lines, nil)
		if got := p.b.String(); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}
