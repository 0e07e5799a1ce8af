//go:build cuda

package main

import (
	"math"
	"os"
	"strings"
	"testing"
)

// TestModel holds the bounds, the table of the document, and that a report without measured speeds compares nothing.
func TestModel(t *testing.T) {
	n := network{launches: 10, bytes: 1e6, flop: 1e6}
	for bound, m := range map[string]machine{
		"launches": {bandwidth: 1e15, flops: 1e15, launch: 1e-3}, "memory": {bandwidth: 1e9, flops: 1e15, launch: 1e-9},
		"arithmetic": {bandwidth: 1e15, flops: 1e9, launch: 1e-9},
	} {
		want := map[string]float64{"launches": 1 / (3 * 10 * 1e-3), "memory": 1 / (20 * 1e6 / 1e9), "arithmetic": 1 / (20 * 1e6 / 1e9)}[bound]
		if most, by := m.allows(n, 20, 8); by != bound || math.Abs(most/want-1) > 1e-9 {
			t.Errorf("%s: %g a second, bound by %s, want %g", bound, most, by, want)
		}
	}
	page, err := os.ReadFile("../../docs/gpu.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), modelTable()) {
		t.Errorf("docs/gpu.md does not have the table\n%s", modelTable())
	}
	r := &Report{}
	if compareModel(r, 5, 40, 8); len(r.Checks) != 0 {
		t.Errorf("%+v without a measured speed", r.Checks)
	}
	r.measure("bandwidth of fake_quant, qdq, 1 Mi elements in place", 1, "GB/s")
	r.measure("bandwidth of fake_quant, qdq, 8 Mi elements in place", 2, "GB/s")
	r.measure("one launch in a row of 1000", 5, "µs")
	compareModel(r, 5, 40, 8)
	if last := r.Checks[len(r.Checks)-1]; len(r.Checks) != 5 || math.Abs(last.Value-100*5*40*example.bytes/2e9) > 1e-6 {
		t.Errorf("%+v", r.Checks)
	}
}
