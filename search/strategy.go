package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Strategy is a way to look for a mix.
type Strategy struct {
	Name   string
	Does   string // one line for a person
	Trials string // how many scores it asks for, n units of which k stay high
	follow func(*session) error
}

// strategies in the order in which help lists them; the first is the default.
var strategies = []Strategy{
	{"auto", "gallop, then improve", "those of gallop, then at most k + n/8 for each unit that improve wins, or the budget", auto},
	{"demotion", "the reference: shuffled descent with a threshold, walked back", "n+3 .. n(n+1)/2+3", demotion},
	{"gallop", "groups of growing size, least harmful first", "2 k log2(n/k), and an order at a few blocks a unit", gallop},
	{"rank", "each unit alone, then one after another, skipping those that break the target", "2 n", rank},
	{"prefix", "each unit alone, then the longest prefix of that order by binary search", "n + 2 log2 n", prefix},
	{"bisect", "halves of what is undecided, the largest first", "2 k log2(n/k) + k", bisect},
	{"greedy", "the best of all units in every step, walked back", "n(n+1)/2", greedy},
	{"improve", "retries of single units, then swaps, from the start mix", "until nothing helps", improve},
}

// Strategies lists the strategies, the default first.
func Strategies() []Strategy { return slices.Clone(strategies) }

// Run searches by the named strategy; "" is the default. It returns the result so far together with an error of the
// evaluator or of the context, and an ErrInput if the name or the options cannot be used.
//
// Whatever the strategy, the mix of the result is above the target, or it is the all-high mix.
func Run(ctx context.Context, name string, ev Evaluator, o Options) (Result, error) {
	if name == "" {
		name = strategies[0].Name
	}
	for _, s := range strategies {
		if s.Name == name {
			return run(ctx, ev, o, name, s.follow)
		}
	}
	var names []string
	for _, s := range strategies {
		names = append(names, s.Name)
	}
	return Result{Strategy: name, Stop: StopError}, fmt.Errorf("%w: strategy %q: choose one of %s", ErrInput, name, strings.Join(names, ", "))
}
