package task

import (
	"math"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/mistake"
)

// splitData takes a share of the samples out of the data. What is left is limited as the data would have been.
func splitData(data *dataset.Set, share float64, c config.Config) (*dataset.Set, error) {
	n := data.Len()
	count := int(math.Round(share * float64(n)))
	if count < 1 || count >= n {
		return nil, mistake.Errorf("--holdout %s: that is %d of the %d samples of %s, and both sides need some", c.Holdout, count, n, c.Data)
	}
	held := data.HoldOut(count, c.Draw())
	data.Limit(c.Limit, c.Draw())
	return held, nil
}
