//go:build cuda

package main

import (
	"math"
	"os"
	"strings"
	"testing"
)

// TestBlockTable holds that the model's kernels are the example's, and the tables of the document.
func TestBlockTable(t *testing.T) {
	sum := 0.0
	for _, bytes := range kernels {
		sum += bytes
	}
	if len(kernels) != example.launches || sum != example.bytes {
		t.Errorf("%d kernels of %.0f bytes, want %d of %.0f", len(kernels), sum, example.launches, example.bytes)
	}
	m := machine{bandwidth: 1e30, launch: 1e-3} // of launches alone
	if got, want := m.pass(500), 4*0.096; math.Abs(got-want) > 1e-12 {
		t.Errorf("a pass of launches takes %g s, want %g", got, want)
	}
	m = machine{bandwidth: 1e9}
	if got, want := m.pass(500), sum*2000/1e9; math.Abs(got/want-1) > 1e-12 {
		t.Errorf("a pass of bytes takes %g s, want %g", got, want)
	}
	page, err := os.ReadFile("../../docs/gpu.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{blockTable(), partTable()} {
		if !strings.Contains(string(page), table) {
			t.Errorf("docs/gpu.md does not have the table\n%s", table)
		}
	}
}
