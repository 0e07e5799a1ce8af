//go:build cuda

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// kernels are the bytes a sample of the example's kernels, one each (TestEmulatedWorkOfHolders counts their number and
// their sum): half of them take less than their launch in blocks of 248 on an H100.
var kernels = []float64{64, 64, 96, 96, 128, 128, 128, 128, 128, 128, 224, 224, 352, 352, 384, 384, 544, 544, 544, 544, 544, 544, 552, 576, 576,
	960, 960, 960, 960, 960, 960, 1024, 1024, 6272, 6272, 12608, 14400, 15680, 15680, 15680, 15680, 21952, 21952, 23520, 23520, 24000, 24000, 24000,
	25088, 25088, 25088, 25088, 25088, 25152, 25600, 28224, 28512, 31360, 31360, 31360, 31360, 31360, 34496, 36064, 37632, 37632, 37632, 37824,
	47040, 47040, 47040, 47040, 47040, 47040, 47040, 47040, 47040, 47520, 47520, 47520, 50176, 50176, 56448, 56448, 56448, 56448, 70560,
	75264, 75264, 75264, 75264, 75264, 75264, 75264, 75456, 112896}

// A search of the example over 2,000 samples, as it was counted on the CPU: 60 masks, which take so many passes over
// the samples in blocks of 20. In larger blocks a trial runs half a block more, on average: in blocks of 248, 33.8
// passes, where 33.4 were counted.
const (
	modelSamples = 2000
	modelTrials  = 60
	modelPasses  = 30.1 // without what blocks add
	medianHolder = 3136 // elements a sample
)

// fill is how many elements give each thread of a GPU four.
var fill = map[string]int{"H100 SXM": 4 * 132 * 2048, "A100 40 GB": 4 * 108 * 2048, "RTX 4090": 4 * 128 * 1536, "L4": 4 * 58 * 1536}

// pass is the seconds of a full evaluation in blocks of a size, and search those of the search's trials: each kernel
// takes as long as its bytes, or as its launch.
func (m machine) pass(block int) (seconds float64) {
	for _, bytes := range kernels {
		seconds += max(m.launch, bytes*float64(block)/m.bandwidth)
	}
	return seconds * float64((modelSamples+block-1)/block)
}

func (m machine) search(block int) float64 {
	return m.pass(block) * (modelPasses + modelTrials*float64(block)/(2*modelSamples))
}

// tableHead is the head of a table with a column for each of some words, and then for each of some numbers.
func tableHead(numbers []int, words ...string) string {
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return "| " + strings.Join(words, " | ") + " |\n" + strings.Repeat("| --- ", len(words)) + "|\n"
}

// blockTable is the table of docs/gpu.md.
func blockTable() string {
	sizes := []int{248, 256, 288, 400, 504, 1000, 2000}
	text := tableHead(sizes, "GPU", "the median holder fills it from")
	for _, m := range machines {
		text += fmt.Sprintf("| %s | %d |", m.name, (fill[m.name]+medianHolder-1)/medianHolder)
		for _, b := range sizes {
			text += fmt.Sprintf(" %.0f ms, %.0f/s |", 1000*m.search(b), 1/m.pass(b))
		}
		text += "\n"
	}
	return text
}

// graphStart is the seconds that the start of a graph takes between two, an assumption: threads tell of 8 to 15 µs.
const graphStart = 10e-6

// perTrial is the seconds a block of the trials of all holders takes on average, with so many parts of equal length:
// the parts behind a change, each a graph, or all of them as one.
func (m machine) perTrial(block, parts int, through bool) float64 {
	whole := m.pass(block) / float64((modelSamples+block-1)/block)
	left := float64(parts+1) / 2 // parts that run
	starts := left
	if through {
		starts = 1
	}
	return whole*left/float64(parts) + graphStart*starts
}

// partTable is the table of docs/gpu.md.
func partTable() string {
	text := "| GPU | block | 1 part | 4 | 8 | 16 | 32 | 8 sessions to the end |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n"
	for _, m := range machines {
		block := map[string]int{"H100 SXM": 400}[m.name]
		if block == 0 {
			block = 288
		}
		if m.name == "L4" {
			block = 256
		}
		text += fmt.Sprintf("| %s | %d |", m.name, block)
		for _, parts := range []int{1, 4, 8, 16, 32} {
			text += fmt.Sprintf(" %.0f µs |", 1e6*m.perTrial(block, parts, false))
		}
		text += fmt.Sprintf(" %.0f µs |\n", 1e6*m.perTrial(block, 8, true))
	}
	return text
}
