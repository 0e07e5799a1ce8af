package question

import (
	"fmt"

	"example.org/demote/backend/metric"
	"example.org/demote/result"
	"example.org/demote/search"
)

// fewBoxes is a mean average precision of the float network that looks like boxes which are read wrong.
const fewBoxes = 0.05

// Detector warns of a float network that finds next to nothing. Other metrics are never warned of here.
func Detector(m *metric.Metric, score search.Score) []result.Warning {
	if !m.Detects() || score.Float() >= fewBoxes {
		return nil
	}
	return []result.Warning{{ID: "near-chance", Text: fmt.Sprintf("the network finds next to nothing: %s is %.4g", m.Name, score.Float()),
		Cure: "see that --decode is how the network was trained, and --anchors; that boxes are x1, y1, x2, y2 in pixels of its input, and classes count from 0; and try --scale"}}
}
