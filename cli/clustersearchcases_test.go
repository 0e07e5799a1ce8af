package cli

import (
	"fmt"
	"strings"
	"testing"

	"example.org/demote/run"
)

// searchUses are searches that are told how to search.
func searchUses() []use {
	decibels := func(more ...string) maker {
		return func(_ *testing.T, in inputs) []string {
			in.flags["--target"] = "50%"
			return append([]string{"--metric", "sqnr"}, more...)
		}
	}
	goal := func(target string, more ...string) maker {
		return func(t *testing.T, in inputs) []string {
			learned(t, in)
			in.flags["--target"] = target
			return more
		}
	}
	budget := func(more ...string) maker {
		return func(t *testing.T, in inputs) []string {
			in.flags["--strategy"] = "-"
			return goal("-", more...)(t, in)
		}
	}
	list := []use{
		{name: "range auto", make: decibels("--range", "auto")}, {name: "range auto, top1", make: goal("16bit-0.05", "--range", "auto", "--grid", "pow2")},
		{name: "repair auto", make: decibels("--repair", "auto")}, {name: "repair auto, top1", make: goal("16bit-0.05", "--repair", "auto", "--bits", "4,8")},
		{name: "bits 4,8", make: decibels("--bits", "4,8")}, {name: "bits 4,16", make: goal("16bit-0.1", "--bits", "4,16")}, {name: "bits 8,bf16", make: decibels("--bits", "8,bf16")},
		{name: "ladder", make: goal("16bit-0.2", "--ladder", "4,8,16")}, {name: "ladder, sqnr", make: func(_ *testing.T, in inputs) []string {
			in.flags["--target"] = "16bit-60"
			return []string{"--metric", "sqnr", "--ladder", "4,8,16", "--ladder-split", "0.3", "--strategy", "gallop"}
		}},
		{name: "ladder to bf16, proven", make: goal("16bit-0.2", "--ladder", "4,8,bf16", "--prove", "1")},
		{name: "list of targets", make: goal("16bit-0.05,16bit-0.1,16bit-0.2", "--bits", "4,16")},
		{name: "list of ladders", make: goal("16bit-0.1,16bit-0.3", "--ladder", "4,8,16", "--strategy", "gallop")},
		{name: "list with one that is missed", make: goal("0.999,16bit-0.2", "--bits", "4,16"), code: 3},
		{name: "target out of reach", make: goal("0.999", "--bits", "4,16"), code: 3},
		{name: "budget", make: budget("--budget", "1.2x", "--cost", "bops", "--bits", "4,16")}, {name: "share of int16", make: budget("--int16-share", "30%", "--bits", "4,16")},
		{name: "curve", make: goal("16bit-0.1", "--bits", "4,16", "--strategy", "gallop", "--curve")},
		{name: "prove", make: goal("16bit-0.1", "--bits", "4,16", "--prove", "all")}, {name: "prove 1, top1 in files", make: decibels("--prove", "1", "--strategy", "gallop")},
		{name: "session default", make: goal("16bit-0.1", "--session", "default")},
		{name: "session default, sqnr", make: decibels("--session", "default")},
		{name: "session both", make: goal("16bit-0.1", "--session", "both"), code: 2},
		{name: "cost in bops", make: decibels("--cost", "bops")}, {name: "cost in bytes", make: decibels("--cost", "bytes", "--strategy", "auto")},
		{name: "cost file", make: func(t *testing.T, in inputs) []string {
			in.write(t, "cost.csv", []byte("x,3,6\nm1,1,2\nc1,5,7\nt,0.5,0.75\na1,1,2\ns1,2,3\n"))
			return decibels("--cost", in.path("cost.csv"))(t, in)
		}},
		{name: "pins and a group", make: decibels("--pin", "op:Tanh=int8", "--pin", "x=int16", "--group", "m1,c1")},
		{name: "profile", make: func(t *testing.T, in inputs) []string {
			in.write(t, "p.yaml", []byte("share_width: [Mul]\nno_int16: [Tanh]\nmultipliers: wider\n"))
			return decibels("--profile", in.path("p.yaml"))(t, in)
		}},
		{name: "weights searched", make: decibels("--search-weights", "--cost", "bytes")},
		{name: "weights searched, repaired", make: goal("16bit-0.1", "--search-weights", "--cost", "bytes", "--repair", "auto", "--strategy", "auto")},
		{name: "weight bits", make: decibels("--weight-bits", "4", "--weight-bits", "op:MatMul=16")},
		{name: "exports", make: decibels("--export", strings.Join(run.FormatNames(), ","))},
		{name: "bias int32", make: decibels("--bias", "int32")}, {name: "formula torch", make: decibels("--formula", "torch")}, {name: "formula mctq", make: decibels("--formula", "mctq", "--grid", "pow2")},
		{name: "output holder", make: decibels("--output-holder")}, {name: "symmetric", make: decibels("--grid", "symmetric")},
		{name: "chain last", make: goal("16bit-0.1", "--chain", "last", "--multiplier", "0.2")}, {name: "naive", make: goal("16bit-0.1", "--scan", "naive")},
		{name: "start", make: func(t *testing.T, in inputs) []string {
			in.write(t, "start.txt", []byte("m1\nt\n"))
			return decibels("--start", in.path("start.txt"))(t, in)
		}},
		{name: "evaluations", make: decibels("--evaluations", "5")}, {name: "limit", make: goal("16bit-0.1", "--limit", "37", "--seed", "5")},
		{name: "limit without labels", make: decibels("--limit", "41")},
		{name: "holdout share", make: goal("16bit-0.1", "--holdout", "40%")}, {name: "holdout share, sqnr", make: decibels("--holdout", "30%", "--seed", "3")},
		{name: "holdout file", make: func(t *testing.T, in inputs) []string {
			return append(goal("16bit-0.1")(t, in), "--holdout", unseen(t, in, 90))
		}},
		{name: "promise", make: func(t *testing.T, in inputs) []string {
			return append(goal("16bit-0.3", "--bits", "4,16")(t, in), "--holdout", unseen(t, in, 150), "--confidence", "0.9")
		}},
		{name: "promise that fails", make: func(t *testing.T, in inputs) []string {
			return append(goal("16bit-0.02", "--bits", "4,16")(t, in), "--holdout", unseen(t, in, 60), "--confidence", "0.99")
		}, code: 3},
		{name: "promise of a ladder", make: func(t *testing.T, in inputs) []string {
			return append(goal("16bit-0.4", "--ladder", "4,8,16")(t, in), "--holdout", unseen(t, in, 150), "--confidence", "0.8")
		}},
		{name: "max drop", make: goal("-", "--max-drop", "0.1")}, {name: "workers", make: decibels("--workers", "1", "--threads", "2", "--cache", "0")},
	}
	for _, name := range run.RepairNames() {
		list = append(list, use{name: "repair " + name, make: decibels("--repair", name)})
	}
	for _, s := range []string{"minmax", "average", "percentile", "mse", "entropy", "threshold"} {
		list = append(list, use{name: "range " + s, make: decibels("--range", s)})
	}
	for _, s := range []string{"auto", "rank", "prefix", "bisect", "gallop", "improve", "greedy"} {
		list = append(list, use{name: "strategy " + s, make: decibels("--strategy", s)})
	}
	for _, n := range []int{1, 3, 13, 59, 60, 100} {
		list = append(list, use{name: fmt.Sprint("block ", n), make: goal("16bit-0.1", "--block", fmt.Sprint(n))})
	}
	return list
}

// unseen is a hold-out of n samples that the search does not see.
func unseen(t *testing.T, in inputs, n int) string {
	in.write(t, "held.npz", classes(t, in, n, func(x []float64) {
		for i := range x {
			x[i] *= 1.01
		}
	}))
	return in.path("held.npz")
}
