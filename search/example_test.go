package search_test

import (
	"context"
	"fmt"

	"example.org/demote/search"
)

// A search needs a function that scores a mask, and nothing else: here four tensors of which the second hurts.
func Example() {
	loses := []int{2, 30, 1, 3} // samples of 1,000, if the tensor is demoted
	score := func(_ context.Context, mask search.Mask) (search.Score, error) {
		correct := 950
		for holder, n := range loses {
			if mask.Low(holder) {
				correct -= n
			}
		}
		return search.Score{Count: correct, Total: 1000}, nil
	}
	options := search.NewOptions(len(loses), 0.94) // the mix must score above 0.94
	found, err := search.Run(context.Background(), "rank", search.Naive(score), options)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Mask, found.Score.Float(), "stays high:", found.Promotion)
	// Output:
	// 1011 0.944 stays high: [1]
}

// counting is an evaluator of one's own: it answers scans by the definition and counts what it is asked.
type counting struct {
	search.Naive
	scans int
}

// Scan gets all candidates of a step at once: whatever can be saved on them is saved here.
func (c *counting) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	c.scans++
	return search.NaiveScan(ctx, search.ScoreFunc(c.Naive), candidates, b)
}

// An evaluator of one's own implements Score and Scan. A scan must answer as NaiveScan does; how it gets there is its
// own.
func ExampleEvaluator() {
	own := &counting{Naive: func(_ context.Context, mask search.Mask) (search.Score, error) {
		return search.Score{Value: -float64(mask.Count() * mask.Count())}, nil // a metric that does not count
	}}
	found, err := search.Run(context.Background(), "demotion", own, search.NewOptions(6, -10))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Mask.Count(), "of 6 demoted, score", found.Score.Float(), "after", own.scans, "scans")
	// Output:
	// 3 of 6 demoted, score -9 after 6 scans
}

// A target is read as people write it, and becomes a number once the endpoints are known.
func ExampleTarget() {
	target, err := search.ParseTarget("16bit-0.005")
	if err != nil {
		fmt.Println(err)
		return
	}
	scale := search.Scale{Name: "top1", Fraction: true}
	ends := search.Endpoints{High: search.Score{Count: 1835, Total: 2000}, Low: search.Score{Count: 1700, Total: 2000}}
	goal, err := target.Resolve(scale, ends)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(goal.Value)
	// Output:
	// 0.9125
}

// A budget ends a search with the best mix so far, which holds like any other.
func ExampleBudget() {
	score := func(_ context.Context, mask search.Mask) (search.Score, error) {
		return search.Score{Count: 100 - mask.Count(), Total: 100}, nil
	}
	options := search.NewOptions(20, 0.9)
	options.Budget.Trials = 8
	found, err := search.Run(context.Background(), "demotion", search.Naive(score), options)
	fmt.Println(found.Stop, found.Found, found.Mask.Count(), err)
	// Output:
	// trials true 4 <nil>
}
