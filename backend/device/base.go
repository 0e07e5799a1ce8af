package device

import (
	"context"
	"errors"

	"example.org/demote/search"
)

// ErrNotHere says that a device, or a source, has no such thing. What asks does without, more slowly. It is returned as
// it is or wrapped; errors.Is finds it.
var ErrNotHere = errors.New("not on this device")

// Base is what a device without any traits answers; for devices to embed.
type Base struct{}

// Watch implements Device: runs are not ended.
func (Base) Watch(context.Context) error { return nil }

// Recode implements Device: it cannot.
func (Base) Recode(*StoredTensor, search.Mask, search.Mask, Room) bool { return false }

// Optimize implements Device: it cannot.
func (Base) Optimize(Model, string) (string, error) { return "", ErrNotHere }

// Traffic implements Device: nothing is moved.
func (Base) Traffic() Traffic { return Traffic{} }

// NetworkBase is what a network on such a device answers; for networks to embed.
type NetworkBase struct{}

// Narrow implements Network. It is of devices with entries.
func (NetworkBase) Narrow([]int) { panic("device: a network without entries has none to leave out") }

// Improve implements Network: nothing is better.
func (NetworkBase) Improve(int, Model, Block, []search.Mask, int) (bool, error) { return false, nil }

// LaneBase is what a lane of such a device answers; for lanes to embed.
type LaneBase struct{ Fronts }

// Graphs implements Lane: there are none.
func (*LaneBase) Graphs() (captured int, why string) { return 0, "" }

// Plainly implements Lane: nothing is captured.
func (*LaneBase) Plainly(bool) {}

// Abandon implements Lane: nothing is captured.
func (*LaneBase) Abandon(string) {}

// Settle implements Lane: there is no other way.
func (*LaneBase) Settle(int) error { return nil }

// Settled implements Lane.
func (*LaneBase) Settled() {}

// Remark implements Lane: there is none.
func (*LaneBase) Remark() string { return "" }

// Mark implements Lane: there is no queue.
func (*LaneBase) Mark() error { return nil }

// Reach implements Lane: all is done.
func (*LaneBase) Reach() error { return nil }

// EachStep implements Lane: samples have one step.
func (*LaneBase) EachStep(func(step int, lost []string) error) bool { return false }

// Enter implements Lane: it cannot.
func (*LaneBase) Enter(int, *StoredTensor, Room) error { return ErrNotHere }

// Leave implements Lane: it cannot.
func (*LaneBase) Leave(int, *StoredTensor, Room) error { return ErrNotHere }

// Drop implements Lane.
func (*LaneBase) Drop() {}

// Same implements Lane: it is not known.
func (*LaneBase) Same(Room, Room) bool { return false }

// Compare implements Lane.
func (*LaneBase) Compare([]int) {}

// Agree implements Lane: it is not known.
func (*LaneBase) Agree(int) bool { return false }

// SourceBase is what a source answers that hands out its own segments alone; for sources to embed.
type SourceBase struct{}

// Direct implements Source: it is not known.
func (SourceBase) Direct() [][]int { return nil }

// Coded implements Source.
func (SourceBase) Coded(func(Model) (string, error)) (Entries, error) { return nil, ErrNotHere }

// Behind implements Source.
func (SourceBase) Behind(int, []int) (*Segment, error) { return nil, ErrNotHere }

// Blocked implements Source.
func (SourceBase) Blocked(int, int, func(Model) (string, error)) (Model, error) {
	return Model{}, ErrNotHere
}
