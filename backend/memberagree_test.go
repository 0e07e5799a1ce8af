package backend_test

import (
	"context"
	"math"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/search"
)

// turning is a device whose outputs have other bits once it has turned, by less than any metric of a class sees.
type turning struct {
	device.Device
	turned *atomic.Bool
}

type turningNetwork struct {
	device.Network
	lanes []device.Lane
}

type turningLane struct {
	device.Lane
	turned *atomic.Bool
}

func (d turning) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (device.Network, error) {
	n, err := d.Device.Compile(parts, inputs, lanes)
	if err != nil {
		return nil, err
	}
	own := turningNetwork{Network: n}
	for _, l := range n.Lanes() {
		own.lanes = append(own.lanes, turningLane{l, d.turned})
	}
	return own, nil
}

func (n turningNetwork) Lanes() []device.Lane { return n.lanes }

func (l turningLane) Rows(output string) ([]float32, error) {
	rows, err := l.Lane.Rows(output)
	if err == nil && l.turned.Load() {
		rows = append([]float32(nil), rows...)
		rows[0] *= 1 + 1.0/(1<<22)
	}
	return rows, err
}

// TestMembersAreHeldAgainstEachOther has a member turn in the middle of a search: the search ends at the next look,
// with its name. As long as none turns, the looks change nothing.
func TestMembersAreHeldAgainstEachOther(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21, devicetest.Coarse())
	none := search.NewMask(toy.Holders())
	var all []search.Mask
	for i := range 1 << toy.Holders() {
		m := search.NewMask(toy.Holders())
		for h := range toy.Holders() {
			if i>>h&1 == 1 {
				m.Demote(h)
			}
		}
		all = append(all, m)
	}
	best := search.Bound{Above: math.Inf(1), Floor: math.Inf(-1), Last: true}
	for _, queue := range []bool{false, true} {
		for _, bad := range []string{"", "device 0", "device 1", "device 2"} {
			var turned atomic.Bool
			kind := devicetest.Reference
			right := kind.Open
			if kind.Traits.Queue = queue; queue {
				kind.Traits.Compares, kind.Traits.InOrder = false, false
			}
			kind.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
				d, err := right(ctx, o)
				if err == nil && o.Name == bad {
					d = turning{d, &turned}
				}
				return d, err
			}
			e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: &kind, Cache: 1 << 20, Cuts: []int{0, 2, 4}, Members: members(3), Agree: 2})
			if _, err := e.Plan(); err != nil {
				t.Fatal(err)
			}
			if dep, err := e.SelfTest(); dep != nil || err != nil {
				t.Fatal(dep, err)
			}
			if _, _, err := e.Arrange(t.Context()); err != nil {
				t.Fatal(err)
			}
			one := opened(t, toy, backend.Options{Metric: named(t, "top1"), Cache: 1 << 20, Patient: true})
			if _, _, err := one.Arrange(t.Context()); err != nil {
				t.Fatal(err)
			}
			turned.Store(true)
			want, err := one.Scan(t.Context(), none, all, best)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Scan(t.Context(), none, all, best)
			switch {
			case bad == "":
				if err != nil || !reflect.DeepEqual(got, want) || e.Stats().Trials != one.Stats().Trials {
					t.Errorf("queue %v: %+v, of one machine %+v, %v", queue, got, want, err)
				}
			case err == nil || !strings.Contains(err.Error(), "its bits are not those") || !strings.Contains(err.Error(), bad):
				t.Errorf("queue %v, %s: %v", queue, bad, err)
			default:
				if _, again := e.Score(t.Context(), none); again != nil { // what is known stays so
					t.Error(again)
				}
				if _, again := e.Outputs(t.Context(), none, func(int, []float32) {}); again == nil {
					t.Error("it goes on")
				}
			}
		}
	}
}
