package backend_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
)

var errNoMemory = errors.New("no memory for a session")

// compilesTimes is a device that compiles so many networks and no more.
type compilesTimes struct {
	device.Device
	left *int
}

func (d compilesTimes) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (device.Network, error) {
	if *d.left--; *d.left < 0 {
		return nil, errNoMemory
	}
	return d.Device.Compile(parts, inputs, lanes)
}

// TestCompileFails holds that a network that cannot be compiled in the place of the one there is, which was closed for
// it, is an error of the choice of cuts, or leaves an evaluator that scores.
func TestCompileFails(t *testing.T) {
	for name, kind := range kinds() {
		for n := 1; n < 5; n++ {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				left, k := n, *kind
				open := k.Open
				k.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
					d, err := open(ctx, o)
					return compilesTimes{d, &left}, err
				}
				e := opened(t, devicetest.NewToy(toyBlock, toySamples, 28), backend.Options{Metric: named(t, "mse"), Kind: &k, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 1, 2, 3, 4}})
				if _, err := e.Plan(); err != nil && !errors.Is(err, errNoMemory) {
					t.Errorf("%v", err)
				}
			})
		}
	}
}
