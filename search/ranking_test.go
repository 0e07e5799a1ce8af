package search_test

import (
	"context"
	"math"
	"testing"
	"time"

	"example.org/demote/search"
)

// slow is a recorder whose distances take their time.
type slow struct{ distant }

func (s slow) Distance(ctx context.Context, m search.Mask) (float64, error) {
	time.Sleep(20 * time.Millisecond)
	return s.distant.Distance(ctx, m)
}

// TestRankingLeavesTimeForTrials holds that a budget of time that is shorter than the ranking has a mix all the same.
func TestRankingLeavesTimeForTrials(t *testing.T) {
	const units = 100 // two seconds of distances
	drop := make([]float64, units)
	drop[0], drop[1] = 1, 50
	for _, strategy := range []string{"auto", "gallop", "improve"} {
		r := points(drop, nil)
		o := search.NewOptions(units, 90)
		o.Budget.Time = 600 * time.Millisecond
		res, err := search.Run(context.Background(), strategy, slow{distant{r}}, o)
		if err != nil {
			t.Fatal(err)
		}
		if res.Mask.Count() < units/2 {
			t.Errorf("%s: %d of %d in int8, stopped by %s", strategy, res.Mask.Count(), units, res.Stop)
		}
		asked, noted := 0, false
		for _, d := range res.Distances {
			if !math.IsInf(d, 1) {
				asked++
			}
		}
		for _, n := range res.Notes {
			noted = noted || n.ID == "ranking-cut"
		}
		if asked == 0 || asked > units/3 || !noted {
			t.Errorf("%s: %d units were ranked, notes %v", strategy, asked, res.Notes)
		}
	}
}
