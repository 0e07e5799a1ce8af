//go:build cuda

package main

import (
	"fmt"
	"math"
	"slices"
)

// A recorded search is one over modelSamples samples as it was counted on the CPU (docs/benchmarks.md).
type recorded struct {
	name    string
	kernels []float64 // bytes a sample of each kernel of a block
	trials  float64   // masks
	passes  float64   // over the samples, without what blocks add
	passed  float64   // masks that became the base
}

// searches are those of the example networks. A pass in blocks of 20 has half a block more for each trial than counted
// here.
var searches = []recorded{
	{"fashion-dscnn", kernels, modelTrials, modelPasses, 51},
	{"fashion-dscnn-uneven", kernels, 209, 47.9, 39},
	{"fashion-vit", vitKernels(), 64, 27.9, 52},
}

// vitKernels are those of fashion-vit by TestEmulatedWorkOfHolders, without the 21 nodes that only give a tensor other
// axes (Reshape, Squeeze), for which ONNX Runtime starts nothing.
func vitKernels() (list []float64) {
	for _, k := range []struct {
		bytes float64
		count int
	}{{296, 1}, {6272, 2}, {13056, 1}, {15680, 1}, {25088, 2}, {25344, 1}, {25600, 48}, {38400, 16}, {51200, 20}, {65600, 8}, {76800, 8}, {80000, 12}} {
		list = append(list, slices.Repeat([]float64{k.bytes}, k.count)...)
	}
	return list
}

// masks is the seconds of a search with so many masks in a pass, a block of each. Candidates of one base that run
// together are thrown away behind the first that passes, and each of them is taken to cost what a trial costs on
// average. That there are always enough candidates, and that the rows of one that ends are another's at once, is in
// favour of several.
func (m machine) masks(s recorded, masks, block int) (seconds float64) {
	rows := float64(masks * block)
	for _, bytes := range s.kernels {
		seconds += max(m.launch, bytes*rows/m.bandwidth)
	}
	blocks := math.Ceil(modelSamples / float64(block))
	work := s.passes*blocks*float64(block) + s.trials*float64(block)/2
	chance := s.passed / s.trials
	used := (1 - math.Pow(1-chance, float64(masks))) / chance
	return seconds / rows * work * float64(masks) / used
}

// bestOf is the block, in steps of eight and with four looks at least, with which a search takes least.
func (m machine) bestOf(s recorded, masks int) (seconds float64, block int) {
	seconds = math.Inf(1)
	for b := 16; b <= modelSamples/4; b += 8 {
		if v := m.masks(s, masks, b); v < seconds {
			seconds, block = v, b
		}
	}
	return seconds, block
}

// maskCounts are the masks in a pass that the table has.
var maskCounts = []int{2, 3, 4, 8}

// maskTable is the table of docs/gpu.md.
func maskTable() string {
	text := tableHead(maskCounts, "network", "GPU", "one mask in a pass")
	for _, s := range searches {
		for _, m := range machines {
			one, block := m.bestOf(s, 1)
			text += fmt.Sprintf("| %s | %s | %.0f ms, blocks of %d |", s.name, m.name, 1000*one, block)
			for _, n := range maskCounts {
				several, block := m.bestOf(s, n)
				text += fmt.Sprintf(" %.2f, %d each |", one/several, block)
			}
			text += "\n"
		}
	}
	return text
}
