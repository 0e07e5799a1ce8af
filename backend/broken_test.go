package backend_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/search"
)

// broken is the reference with lanes that do something wrong.
func broken(wrong func(at int, l device.Lane) device.Lane) *device.Kind {
	k := devicetest.Reference
	open := k.Open
	k.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		d, err := open(ctx, o)
		return brokenDevice{d, wrong}, err
	}
	return &k
}

type brokenDevice struct {
	device.Device
	wrong func(at int, l device.Lane) device.Lane
}

func (d brokenDevice) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (device.Network, error) {
	n, err := d.Device.Compile(parts, inputs, lanes)
	if err != nil {
		return nil, err
	}
	b := brokenNetwork{Network: n}
	for at, l := range n.Lanes() {
		b.lanes = append(b.lanes, d.wrong(at, l))
	}
	return b, nil
}

type brokenNetwork struct {
	device.Network
	lanes []device.Lane
}

func (n brokenNetwork) Lanes() []device.Lane { return n.lanes }

// wrongRows changes the rows of the output.
type wrongRows struct {
	device.Lane
	change func(rows []float32)
}

func (l wrongRows) Rows(output string) ([]float32, error) {
	rows, err := l.Lane.Rows(output)
	rows = slices.Clone(rows)
	if output == "y" {
		l.change(rows)
	}
	return rows, err
}

// TestSelfTestFindsDependence on what a trial must not depend on.
func TestSelfTestFindsDependence(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 27)
	for want, wrong := range map[string]func(at int, l device.Lane) device.Lane{
		"": func(_ int, l device.Lane) device.Lane { return l },
		"the worker": func(at int, l device.Lane) device.Lane {
			return wrongRows{l, func(rows []float32) { rows[0] += float32(at) }}
		},
		"a repeated run": func(_ int, l device.Lane) device.Lane {
			runs := float32(0)
			return wrongRows{l, func(rows []float32) { runs++; rows[len(rows)-1] += runs }}
		},
		"slot and neighbours": func(_ int, l device.Lane) device.Lane {
			return wrongRows{l, func(rows []float32) { rows[len(rows)-1] += rows[0] }}
		},
	} {
		e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: broken(wrong), Workers: 2})
		dep, err := e.SelfTest()
		if err != nil || (dep == nil) != (want == "") || dep != nil && (dep.On != want || !strings.Contains(dep.Error(), want) || want != "the worker" && dep.Tensor != "y") {
			t.Errorf("%q: %+v, %v", want, dep, err)
		}
	}
}

// looseRows gives other rows in every run until it is settled.
type looseRows struct {
	device.Lane
	runs, settled *float32
}

func (l looseRows) Rows(output string) ([]float32, error) {
	rows, err := l.Lane.Rows(output)
	rows = slices.Clone(rows)
	if *l.settled == 0 {
		*l.runs++
		rows[0] += *l.runs
	}
	return rows, err
}

func (l looseRows) Settle(int) error { *l.settled = 1; return nil }

// TestSelfTestSettlesParts holds that runs which do not repeat are refused only where a device cannot settle them.
func TestSelfTestSettlesParts(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 30)
	for _, settles := range []bool{false, true} {
		kind := broken(func(_ int, l device.Lane) device.Lane { return looseRows{l, new(float32), new(float32)} })
		kind.Settles = settles
		e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: kind, Workers: 2})
		if dep, err := e.SelfTest(); err != nil || (dep == nil) != settles {
			t.Errorf("settles %v: %+v, %v", settles, dep, err)
		}
	}
}

// enteredWrong gives other rows where the network was entered.
type enteredWrong struct {
	device.Lane
	entered *bool
}

func (l enteredWrong) Enter(part int, s *device.StoredTensor, codes device.Room) error {
	*l.entered = true
	return l.Lane.Enter(part, s, codes)
}

func (l enteredWrong) Rows(output string) ([]float32, error) {
	rows, err := l.Lane.Rows(output)
	if *l.entered {
		rows = slices.Clone(rows)
		rows[0]++
	}
	return rows, err
}

// TestPlanProvesItsCuts holds that a device that gives other bits from a cut is run in another way, whose outputs are
// right.
func TestPlanProvesItsCuts(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 28)
	kind := broken(func(_ int, l device.Lane) device.Lane { return enteredWrong{l, new(bool)} })
	e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 1, 2, 3, 4}})
	if _, err := e.Plan(); err != nil || e.Parts() != 4 {
		t.Fatalf("%d parts, %v", e.Parts(), err)
	}
	sameDecisions(t, e, opened(t, toy, backend.Options{Metric: named(t, "mse"), Naive: true}), toy.Want)
}

// failing ends or panics in the middle of a run.
type failing struct {
	device.Lane
	after *int
	how   func() error
}

func (l failing) RunPart(b device.Block, part int) error {
	if *l.after--; *l.after == 0 {
		return l.how()
	}
	return l.Lane.RunPart(b, part)
}

// TestFaultsOfADeviceAreErrors holds that an error in a run, and a panic, is the trial's error, and that the
// evaluator goes on.
func TestFaultsOfADeviceAreErrors(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 29)
	gone := errors.New("the device is gone")
	for _, queue := range []bool{false, true} {
		for name, how := range map[string]func() error{"error": func() error { return gone }, "panic": func() error { panic("a fault") }} {
			if queue && name == "panic" {
				continue // a queue is run by who asks
			}
			after := -1
			kind := broken(func(_ int, l device.Lane) device.Lane { return failing{l, &after, how} })
			kind.Queue = queue
			e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: kind, Workers: 1})
			after = 3
			_, err := e.Score(t.Context(), search.NewMask(4))
			if err == nil || name == "error" && !errors.Is(err, gone) || name == "panic" && !strings.Contains(err.Error(), "a fault") {
				t.Errorf("queue %v, %s: %v", queue, name, err)
			}
			sameOutputs(t, e, search.NewMask(4), toy.Want)
		}
	}
}
