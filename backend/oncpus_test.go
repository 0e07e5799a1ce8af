package backend_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// cpusOf are so many workers whose CPU is a kind by number, behind links.
func cpusOf(t *testing.T, n int, toy *devicetest.Toy, kind func(i int) *device.Kind, faults func(i int) linktest.Faults) (links []link.Link, pipes []*linktest.Pipe) {
	t.Helper()
	for i := range n {
		p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Kind: kind(i), CPU: kind(i), Memory: 1 << 32, Beat: 5 * time.Millisecond,
				Source: func(link.Network) (device.Source, error) { return toy, nil }})
		}, faults(i))
		t.Cleanup(p.Close)
		links, pipes = append(links, p), append(pipes, p)
	}
	return links, pipes
}

// TestOtherCPUsTakeNoPart has the CPU of one worker of three compute other bits, and another one end in the middle: the
// first is left out by name, and outputs, marks and scores are those of this machine. Where no worker has its bits, or
// all of them end, this machine runs what is left.
func TestOtherCPUsTakeNoPart(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	right, wrong := devicetest.Reference, devicetest.Reference
	wrong.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		o.Records = append([]quant.Record(nil), o.Records...)
		o.Records[2].Low, o.Records[2].High = o.Records[2].High, o.Records[2].Low
		return right.Open(ctx, o)
	}
	for _, others := range [][]int{{1}, {0, 1, 2}, {}} {
		kind := func(i int) *device.Kind {
			if slices.Contains(others, i) {
				return &wrong
			}
			return &right
		}
		links, pipes := cpusOf(t, 3, toy, kind, func(i int) linktest.Faults {
			if i == 2 && len(others) == 1 || len(others) == 0 {
				return linktest.Faults{DiesAfter: 30 + 10*i}
			}
			return linktest.Faults{}
		})
		var told []string
		e := openedFar(t, toy, backend.Options{Metric: named(t, "top1"), Kind: &right, Naive: true, Stream: true, Links: links, OnCPU: true, Told: func(text string) { told = append(told, text) }})
		one := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: &right, Naive: true, Stream: true})
		for _, low := range [][]int{nil, {2}, {0, 1, 3}} {
			m := search.NewMask(4)
			m.DemoteAll(low)
			sameOutputs(t, e, m, toy.Want)
			looks := func(e *backend.Evaluator) string {
				marks, rows := make([]backend.Mark, toy.Len()), make([][]float32, toy.Len())
				score, err := e.Look(t.Context(), m, backend.Look{Margins: true, Sums: true, Rows: []int{7, 60}, Mark: func(sample int, mark backend.Mark) {
					mark.Verdict.Gain = 0 // stays where the row is
					marks[sample] = mark
				}, Row: func(sample int, row []float32) { rows[sample] = slices.Clone(row) }})
				return fmt.Sprint(score, err, marks, rows)
			}
			if got, want := looks(e), looks(one); got != want {
				t.Errorf("others %v, low %v:\n%s\nof this machine\n%s", others, low, got, want)
			}
		}
		named := 0
		for _, text := range told {
			if strings.Contains(text, "its bits are not those of this machine's CPU") {
				named++
			}
		}
		if named != len(others) {
			t.Errorf("others %v: told %q", others, told)
		}
		e.Close()
		if n := len(pipes[0].Others()); len(others) > 0 && n != 1 { // else it may have died before
			t.Errorf("a worker has %d further links, want 1", n)
		}
	}
}

// TestFirstPassSendsMarks counts the bytes of the answers to a first pass: marks of twelve bytes a sample in place of
// the output rows, and rows of the blocks alone in which one is wanted. The layout is the same.
func TestFirstPassSendsMarks(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 26)
	const n, blocks = 3, (toySamples + toyBlock - 1) / toyBlock
	var orders [][]int
	var sent []int
	for _, look := range [][]backend.Look{nil, {{Mark: func(int, backend.Mark) {}, Row: func(int, []float32) {}, Rows: []int{0}}}, {{Mark: func(int, backend.Mark) {}, Row: func(int, []float32) {}}}} {
		links, pipes := workersOf(t, n, toy, kinds()["the reference"], nil)
		e := openedFar(t, toy, backend.Options{Metric: named(t, "top1"), Patient: true, Links: links})
		if _, _, err := e.Arrange(t.Context(), look...); err != nil {
			t.Fatal(err)
		}
		orders = append(orders, slices.Clone(e.Order()))
		bytes := 0
		for _, p := range pipes {
			_, b := p.Sent(link.KindPiece)
			bytes += b
		}
		sent = append(sent, bytes)
	}
	const message, mark = 17, 12
	e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Patient: true})
	row := 4 * e.Row()
	want := []int{blocks*message + mark*toySamples, blocks*message + mark*(toySamples-toyBlock) + row*toyBlock, blocks*message + row*toySamples}
	if !slices.Equal(sent, want) {
		t.Errorf("%v bytes, want %v", sent, want)
	}
	if !slices.Equal(orders[0], orders[1]) || !slices.Equal(orders[0], orders[2]) {
		t.Errorf("orders %v", orders)
	}
}

// astray is a device whose bits are wrong on all blocks but the first.
type astray struct{ device.Device }

// Load implements device.Device.
func (a astray) Load(inputs []device.Tensor, samples []int, fill func(input int, dst []byte) error) (device.Block, error) {
	return a.Device.Load(inputs, samples, func(input int, dst []byte) error {
		err := fill(input, dst)
		if samples[0] != 0 {
			clear(dst[:4])
		}
		return err
	})
}

// TestOtherBitsBehindTheFirstBlock has the CPU of one worker of three compute other bits on all blocks but the first:
// it is left out by name in front of a pass over all samples, whose outputs are those of this machine.
func TestOtherBitsBehindTheFirstBlock(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	right, wrong := devicetest.Reference, devicetest.Reference
	wrong.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		d, err := right.Open(ctx, o)
		return astray{d}, err
	}
	links, _ := cpusOf(t, 3, toy, func(i int) *device.Kind {
		if i == 1 {
			return &wrong
		}
		return &right
	}, func(int) linktest.Faults { return linktest.Faults{} })
	var told []string
	e := openedFar(t, toy, backend.Options{Metric: named(t, "top1"), Kind: &right, Naive: true, Stream: true, Links: links, OnCPU: true, Told: func(text string) { told = append(told, text) }})
	if told != nil {
		t.Errorf("on the first block it is told %q", told)
	}
	m := search.NewMask(4)
	m.Demote(2)
	sameOutputs(t, e, m, toy.Want)
	if len(told) != 1 || !strings.Contains(told[0], "worker 1: its bits are not those of this machine's CPU, on block ") {
		t.Errorf("told %q", told)
	}
}
