//go:build cuda

package main

import (
	"math"
	"os"
	"strings"
	"testing"
)

// TestMaskTable holds that several masks in a pass gain no more than a tenth in any search that was recorded, which is
// why a search runs one, and the table of the document.
func TestMaskTable(t *testing.T) {
	sum := 0.0
	for _, bytes := range vitKernels() {
		sum += bytes
	}
	if n := len(vitKernels()); n != 141-21 || sum != 5825384-741888 {
		t.Errorf("%d kernels of %.0f bytes", n, sum)
	}
	// Of launches alone, where every candidate passes: two in a pass cost a launch for both, and one is thrown away.
	m, s := machine{bandwidth: 1e30, launch: 1e-3}, recorded{kernels: []float64{1}, trials: 1, passes: 1, passed: 1}
	if one, two := m.masks(s, 1, 500), m.masks(s, 2, 500); math.Abs(one/two-1) > 1e-9 || math.Abs(one-1e-3*(4+0.5)) > 1e-9 {
		t.Errorf("%g s, and %g s with two masks", one, two)
	}
	for _, s := range searches {
		for _, m := range machines {
			one, _ := m.bestOf(s, 1)
			for _, n := range maskCounts {
				if several, _ := m.bestOf(s, n); one > 1.1*several {
					t.Errorf("%s on %s: %d masks in a pass are %.2f times as fast: worth to be built", s.name, m.name, n, one/several)
				}
			}
		}
	}
	page, err := os.ReadFile("../../docs/gpu.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), maskTable()) {
		t.Errorf("docs/gpu.md does not have the table\n%s", maskTable())
	}
}
