package backend_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// TestUnequalMembersAreLeftOut has a member whose bits differ: it is left out by name before the first trial, and the
// search on the others is that of one machine.
func TestUnequalMembersAreLeftOut(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	var others atomic.Int64
	kind := devicetest.Reference
	right := kind.Open
	kind.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		if o.Name == "device 1" { // its grids are the other way round
			others.Add(1)
			o.Records = append([]quant.Record(nil), o.Records...)
			o.Records[2].Low, o.Records[2].High = o.Records[2].High, o.Records[2].Low
		}
		return right(ctx, o)
	}
	run := func(n int) (search.Result, []string) {
		var told []string
		e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: &kind, Cache: 1 << 20, Patient: true, Members: members(n), Told: func(text string) { told = append(told, text) }})
		defer e.Close()
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		if dep, err := e.SelfTest(); dep != nil || err != nil {
			t.Fatal(dep, err)
		}
		high, _, err := e.Arrange(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, err := search.Demotion(t.Context(), e, search.NewOptions(toy.Holders(), high.Float()-0.5))
		if err != nil {
			t.Fatal(err)
		}
		return r, told
	}
	want, _ := run(0)
	got, told := run(3)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, of one machine %+v", got, want)
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "device 1 is left out") || !strings.Contains(told[0], "not those of device 0") || others.Load() != 1 {
		t.Errorf("told %q", told)
	}
	if _, told := run(1); told != nil {
		t.Errorf("one machine is told %q", fmt.Sprint(told))
	}
}
