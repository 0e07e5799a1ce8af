package search

import (
	"context"
	"slices"
	"strings"

	"example.org/demote/mistake"
)

// Strategy is a way to look for a mix. Each lies in a file of its own with all that is known of it; to add one, write such a file and
// name it in strategies.
type Strategy struct {
	Name   string
	Does   string // one line for a user
	Trials string // how many scores it asks for, n units of which k stay high

	// Most bounds the scores that it asks for of n units, the endpoints among them; nil: n alone bounds nothing.
	Most func(n int) int

	follow  func(*session) error
	outlook outlook
}

// An outlook is how a strategy goes on, for a Forecast.
type outlook struct {
	// ranked is what was recorded to follow a ranking by distance, in steps of the ranking of 52 units, least and most; zero: the
	// strategy ranks by trials, or not at all.
	ranked [2]float64
	// left is how many trials it still runs, least and most, of n units of which the base has so many high, after done trials; not
	// ok as long as that cannot be said.
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

// Run searches by the named strategy; "" is the default. It returns the result so far together with an error of the
// evaluator or of the context, and a mistake.Err if the name or the options cannot be used.
//
// Whatever the strategy, the mix of the result is above the target, or it is the all-high mix.
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
