package search

import (
	"context"
	"slices"
	"strings"

	"example.org/demote/mistake"
)

// Strategy is a way to look for a mix. Each strategy has a file of its own, with its help text, bounds and forecast. To
// add one, write such a file and name its variable in strategies.
type Strategy struct {
	Name   string // as the user types it
	Does   string // one line for a user
	Trials string // number of evaluations as a formula, for n units of which k stay high

	// Most is an upper bound of the evaluations for n units, endpoints included. It is nil if n alone gives no bound.
	Most func(n int) int

	follow  func(*session) error
	outlook outlook
}

// An outlook estimates the rest of a strategy's run, for a Forecast.
type outlook struct {
	// ranked is the time after a ranking by distance, least and most, as recorded for 52 units. Its unit is the time of
	// one ranking step. Zero: the strategy ranks by evaluations, or not at all.
	ranked [2]float64
	// left estimates the remaining trials, least and most. The network has n units, the base has high of them high, and
	// done trials have run. ok is false as long as there is no estimate.
	left func(f *Forecast, n, done, high float64) (least, most float64, ok bool)
}

// strategies in the order in which help lists them; the first is the default.
var strategies = []Strategy{autoStrategy, demotionStrategy, gallopStrategy, rankStrategy, prefixStrategy, bisectStrategy, greedyStrategy, improveStrategy}

// byName finds a strategy; "" is the default.
func byName(name string) (Strategy, bool) {
	for _, s := range strategies {
		if s.Name == name || name == "" {
			return s, true
		}
	}
	return Strategy{}, false
}

// Strategies lists the strategies, the default first.
func Strategies() []Strategy { return slices.Clone(strategies) }

// Run searches with the named strategy; "" is the default. An error of the evaluator or of the context ends the search
// and is returned together with the result so far. The error is a mistake.Err, and nothing has run, if the name or the
// options cannot be used. The end of a budget is no error: see Result.Stop.
//
// With every strategy, the mix of the result is above the target, or Result.Holds is false. That is a statement about
// the samples of the evaluator, which the search has looked at again and again; for others see Claim and Prove.
//
// It calls the evaluator, Options.Progress and Options.Best from the calling goroutine alone. Two searches may run at
// the same time on evaluators that allow it; they share nothing.
func Run(ctx context.Context, name string, ev Evaluator, o Options) (Result, error) {
	if s, known := byName(name); known {
		return run(ctx, ev, o, s.Name, s.follow)
	}
	var names []string
	for _, s := range strategies {
		names = append(names, s.Name)
	}
	return Result{Strategy: name, Stop: StopError}, mistake.Errorf("strategy %q: choose one of %s", name, strings.Join(names, ", "))
}
