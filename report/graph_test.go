package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"example.org/demote/result"
)

var nodeTag = regexp.MustCompile(`<a class="node (low|high)" id="r0-n(\d+)" href="#r0-h(\d+)"[^>]*data-to="([^"]*)"`)

// TestGraph holds that the graph has every holder, marks those that stay high, and leads to the rows, which lead back.
func TestGraph(t *testing.T) {
	r := sample(60)
	run, page := made(t, map[string]any{result.File: r})
	nodes := nodeTag.FindAllStringSubmatch(page, -1)
	if len(nodes) != len(r.Holders) {
		t.Fatalf("%d nodes", len(nodes))
	}
	for i, n := range nodes {
		want := "high"
		if run.isLow(run.Holders[i]) {
			want = "low"
		}
		if n[1] != want || n[2] != fmt.Sprint(i) || n[3] != n[2] {
			t.Errorf("node %d: %v, not %s", i, n, want)
		}
		if !strings.Contains(page, fmt.Sprintf(`<tr id="r0-h%d"><td class="n"><a href="#r0-n%d">%d</a>`, i, i, i)) {
			t.Errorf("the row of %d does not lead back", i)
		}
	}
	if to := nodes[0][4]; to != "1 7" {
		t.Errorf("the first node leads to %q, not to the next and over the residual", to)
	}
	if strings.Contains(page, "older version") {
		t.Error("it is said to be of an older version")
	}
}

// TestGraphOfOlderResults draws a result without edges as a line, and says so; and damaged edges do not matter.
func TestGraphOfOlderResults(t *testing.T) {
	r := sample(20)
	for i := range r.Holders {
		r.Holders[i].From, r.Holders[i].Ops = nil, nil
	}
	_, page := made(t, map[string]any{result.File: r})
	if n := len(nodeTag.FindAllString(page, -1)); n != 20 || !strings.Contains(page, "they stand in graph order") {
		t.Errorf("%d nodes, or nothing is said", n)
	}
	r.Holders[3].From, r.Holders[2].From, r.Holders[5].From = []int{-1, 99, 3}, []int{19}, []int{4}
	r.Holders[19].From, r.Holders[5].Ops = []int{2}, []string{"Conv"}
	if _, page = made(t, map[string]any{result.File: r}); len(nodeTag.FindAllString(page, -1)) != 20 {
		t.Error("damaged edges lose nodes")
	}
}

func TestInside(t *testing.T) {
	for name, c := range map[string]struct {
		line [][2]float64
		want string
	}{
		"all of it":        {[][2]float64{{1, 1}, {2, 2}, {3, 1}}, "[[[1 1] [2 2] [3 1]]]"},
		"out and in again": {[][2]float64{{1, 5}, {3, 15}, {5, 5}}, "[[[1 5] [2 10]] [[4 10] [5 5]]]"},
		"across":           {[][2]float64{{-5, 5}, {15, 5}}, "[[[0 5] [10 5]]]"},
		"never":            {[][2]float64{{1, 11}, {5, 12}}, "[]"},
		"upright":          {[][2]float64{{5, -5}, {5, 5}}, "[[[5 0] [5 5]]]"},
	} {
		if got := fmt.Sprint(inside(c.line, 0, 10, 0, 10)); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

// TestWeightsInReport: weights that were searched are nodes of their own in front of their layers, are called weights,
// and have their own widths; what is said of activations does not count them.
func TestWeightsInReport(t *testing.T) {
	r := sample(20)
	for i, precision := range []string{"int4", "int8"} {
		r.Holders = append(r.Holders, result.Holder{Name: fmt.Sprint("w", i), Index: 20 + i, Weights: true, Precision: precision,
			Low: result.Grid{Bits: 4, Signed: true, Scale: 1, Min: -7, Max: 7}, High: result.Grid{Bits: 8, Signed: true, Scale: .1, Min: -12.7, Max: 12.7}})
		r.Holders[3+i].From = append(r.Holders[3+i].From, 20+i)
	}
	r.Promotion = append(r.Promotion, "w1")
	r.Ranges = []result.RangeScore{{Method: "minmax", Score: r.Score.High}}
	r.Repairs = []result.Repair{{Name: "bias", Changed: 1}}
	run, page := made(t, map[string]any{result.File: r})
	nodes := nodeTag.FindAllStringSubmatch(page, -1)
	if len(nodes) != 22 || nodes[20][1] != "low" || nodes[20][4] != "3" || nodes[21][1] != "high" || nodes[21][4] != "4" {
		t.Errorf("nodes %q", nodes)
	}
	low := 0
	for _, h := range run.Holders[:20] {
		if run.isLow(h) {
			low++
		}
	}
	for _, want := range []string{">20 weights<", ">21 weights<", "20 w0: int4, weights", "Why int16 (weights: int8) stays", "With it at int4 too: ",
		fmt.Sprintf("%d of 20 holders; %d at int16", low, 20-low), "the weights of 1 of 2 layers in int4",
		"Score against the number of low holders (activations in int8, weights in int4)", fmt.Sprintf("the answer, %d low: ", low+1), "all int8 (weights: int4)", "all int16 (weights: int8)",
		// ranges are compared with weights high, repairs with all low
		"All int8 (weights: int8) by each range method", "All int8 (weights: int4) with each repair", "with none of them all int8 (weights: int4) scores better"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if mixed := regexp.MustCompile(`[0-9]+ in int8[,:]|int8 holders`).FindAllString(page, -1); mixed != nil {
		t.Errorf("weights are counted as activations: %q", mixed)
	}
	if strings.Contains(page, ">20 input<") {
		t.Error("weights are called an input")
	}
}
