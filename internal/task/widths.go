package task

import (
	"example.org/demote/result"
)

// Widths are the widths of the first holder that can be demoted, by which a search calls those of all; nil for the
// usual ones.
func (p *Task) Widths() *result.Widths {
	for _, r := range p.Records {
		if low, high := r.Low.Width(), r.High.Width(); low < high {
			return result.WidthsOf(low.String(), high.String())
		}
	}
	return nil
}
