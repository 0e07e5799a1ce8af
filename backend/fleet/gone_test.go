package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
)

// absent is a member that runs nothing, and is gone from a number of deals on.
type absent struct {
	name  string
	left  int // deals that it takes; below 0: any number
	held  []int
	other error // of a deal that it does not take; nil: fleet.ErrGone
}

func (a *absent) Name() string                  { return a.name }
func (a *absent) Join(int, func(bounds.Answer)) {}
func (a *absent) Lease(*bounds.Lease)           {}
func (a *absent) Drop(uint64)                   {}
func (a *absent) Close()                        {}

func (a *absent) Hold(blocks []int) error {
	if a.left == 0 {
		if a.other != nil {
			return a.other
		}
		return fmt.Errorf("%w: no answer", fleet.ErrGone)
	}
	a.left--
	a.held = slices.Clone(blocks)
	return nil
}

// TestGoneMembersLeaveTheirBlocks has members be gone when they are dealt blocks: the others have them, also where an
// heir is gone too. Another error of a deal is that of the deal, and so is that none is left.
func TestGoneMembersLeaveTheirBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		left [3]int // deals that members take
		held [3]int // blocks at the end, of those that are there
		err  error
	}{
		"all there":             {[3]int{-1, -1, -1}, [3]int{4, 4, 4}, nil},
		"one gone":              {[3]int{-1, 0, -1}, [3]int{6, 0, 6}, nil},
		"two gone":              {[3]int{0, 0, -1}, [3]int{0, 0, 12}, nil},
		"its heir gone":         {[3]int{-1, 0, 1}, [3]int{12, 0, 0}, nil},
		"all gone":              {[3]int{0, 0, 0}, [3]int{}, fleet.ErrGone},
		"the last heir is gone": {[3]int{0, 1, 0}, [3]int{}, fleet.ErrGone},
	} {
		list := []*absent{{name: "a", left: c.left[0]}, {name: "b", left: c.left[1]}, {name: "c", left: c.left[2]}}
		f := fleet.New(list[0], list[1], list[2])
		err := f.Deal(12)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		var held [3]int
		var all []int
		for i, m := range list {
			if f.Lost(i) == nil {
				held[i] = len(m.held)
				all = append(all, m.held...)
			}
		}
		slices.Sort(all)
		if held != c.held || !reflect.DeepEqual(all, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
			t.Errorf("%s: %v blocks, want %v: %v", name, held, c.held, all)
		}
	}
	full := &absent{name: "full", other: errFull}
	if err := fleet.New(full, &absent{name: "other", left: -1}).Deal(4); !errors.Is(err, errFull) {
		t.Errorf("a full member: %v", err)
	}
}

// TestGivenUpWhileBlocksMove ends what waits while an heir is given the blocks of a lost member: the error is that of
// who has given up, and no fault of the heir.
func TestGivenUpWhileBlocksMove(t *testing.T) {
	for _, why := range []error{context.Canceled, context.DeadlineExceeded} {
		f := fleet.New(&absent{name: "heir", left: 1, other: fmt.Errorf("a call: %w", why)}, &absent{name: "lost", left: -1})
		if err := f.Deal(4); err != nil {
			t.Fatal(err)
		}
		if err := f.Leave(1, errGone); !errors.Is(err, why) || strings.Contains(err.Error(), "cannot take its blocks") {
			t.Errorf("%v: %v", why, err)
		}
	}
}
