//go:build cuda

package main

import (
	"fmt"
	"strings"
)

// A network is what a block of it takes on a GPU (TestEmulatedWorkOfHolders counts it).
type network struct {
	launches int     // of kernels, for each block
	bytes    float64 // of memory read and written, for each sample
	flop     float64 // for each sample
}

// example is fashion-dscnn, the network that gpu-check measures; before is what it took when each operator in front of
// a holder was a kernel of its own.
var (
	example = network{launches: 96, bytes: 2_569_832, flop: 7.6e6}
	before  = network{launches: 167, bytes: 4_761_704, flop: 7.6e6}
)

// A machine is what bounds a trial. Data sheets say bandwidth and arithmetic; that a kernel of a replayed graph takes
// 2.5 µs at least is an assumption until gpu-check measures it.
type machine struct {
	name      string
	bandwidth float64 // bytes a second
	flops     float64 // float32 operations a second, outside tensor cores; 0: unknown
	launch    float64 // seconds that a kernel takes at least
}

const launchAssumed = 2.5e-6

var machines = []machine{
	{"H100 SXM", 3350e9, 67e12, launchAssumed}, {"A100 40 GB", 1555e9, 19.5e12, launchAssumed},
	{"RTX 4090", 1008e9, 82.6e12, launchAssumed}, {"L4", 300e9, 30.3e12, launchAssumed},
}

// allows is the most full evaluations a second that a machine allows, and what bounds them: of launches, memory and
// arithmetic the one that takes longest.
func (m machine) allows(n network, samples, block int) (perSecond float64, bound string) {
	blocks := (samples + block - 1) / block
	seconds := map[string]float64{"launches": float64(blocks*n.launches) * m.launch, "memory": float64(samples) * n.bytes / m.bandwidth}
	if m.flops > 0 {
		seconds["arithmetic"] = float64(samples) * n.flop / m.flops
	}
	longest := 0.0
	for _, name := range []string{"launches", "memory", "arithmetic"} {
		if seconds[name] > longest {
			longest, bound = seconds[name], name
		}
	}
	return 1 / longest, bound
}

// modelTable is the table of docs/gpu.md.
func modelTable() string {
	const samples, block = 2000, 248
	text := "| GPU | each operator apart | bound | as it is now | bound | in one block | bound |\n| --- | --- | --- | --- | --- | --- | --- |\n"
	for _, m := range machines {
		text += "| " + m.name
		for _, c := range []struct {
			n     network
			block int
		}{{before, block}, {example, block}, {example, samples}} {
			most, bound := m.allows(c.n, samples, c.block)
			text += fmt.Sprintf(" | %.0f | %s", most, bound)
		}
		text += " |\n"
	}
	return text
}

// compareModel holds the measured full evaluations against the model, with the bandwidth and the launch that were
// measured on the same device.
func compareModel(r *Report, perSecond float64, samples, block int) {
	m := machine{bandwidth: 1e9 * r.largest("bandwidth of fake_quant, qdq"), launch: 1e-6 * r.largest("one launch in a row")}
	if m.bandwidth <= 0 || m.launch <= 0 || samples < 1 || block < 1 {
		return // nothing was measured to compare with
	}
	most, bound := m.allows(example, samples, block)
	r.measure(fmt.Sprintf("full evaluations that the model allows, bound by %s", bound), most, "evaluations/s")
	r.measure("full evaluations against the model", 100*perSecond/most, "% of it")
}

// largest is the greatest number among answers to questions that begin so; 0 if there is none.
func (r *Report) largest(question string) (v float64) {
	for _, c := range r.Checks {
		if strings.HasPrefix(c.Question, question) {
			v = max(v, c.Value)
		}
	}
	return v
}
