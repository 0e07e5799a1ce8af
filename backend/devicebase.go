package backend

import (
	"context"
	"errors"

	"example.org/demote/search"
)

// ErrNotHere says that a device, or a source, has no such thing. What asks does without.
var ErrNotHere = errors.New("not on this device")

// baseDevice is what a device without any traits answers; for devices to embed.
type baseDevice struct{}

func (baseDevice) watch(context.Context) error                               { return nil }
func (baseDevice) recode(*StoredTensor, search.Mask, search.Mask, room) bool { return false }
func (baseDevice) optimize([]byte) ([]byte, error)                           { return nil, ErrNotHere }
func (baseDevice) traffic() Traffic                                          { return Traffic{} }

// baseNetwork is what a network on such a device answers; for networks to embed.
type baseNetwork struct{}

func (baseNetwork) narrow([]int)                                                 { panic("a device without entries has none to leave out") }
func (baseNetwork) improve(int, []byte, block, []search.Mask, int) (bool, error) { return false, nil }

// baseLane is what a lane of such a device answers; for lanes to embed.
type baseLane struct{ fronts }

func (*baseLane) graphs() (captured int, why string)                { return 0, "" }
func (*baseLane) eachStep(func(step int, lost []string) error) bool { return false }
func (*baseLane) enter(int, *StoredTensor, room) error              { return ErrNotHere }
func (*baseLane) leave(int, *StoredTensor, room) error              { return ErrNotHere }
func (*baseLane) drop()                                             {}
func (*baseLane) same(room, room) bool                              { return false }
func (*baseLane) compare([]int)                                     {}
func (*baseLane) agree(int) bool                                    { return false }

// BaseSource is what a source answers that hands out its own segments alone; for sources to embed.
type BaseSource struct{}

// Coded implements Source.
func (BaseSource) Coded(func([]byte) ([]byte, error)) (Entries, error) { return nil, ErrNotHere }

// Blocked implements Source.
func (BaseSource) Blocked(int, int, func([]byte) ([]byte, error)) ([]byte, error) {
	return nil, ErrNotHere
}
