package backend

import (
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/machine"
	"example.org/demote/backend/link"
)

type (
	// Options say how an Evaluator computes. No choice but Block changes a score.
	Options = machine.Options
	// Link leads to a worker on another machine.
	Link = link.Link
	// Late are workers that come while a search runs.
	Late = link.Late
	// Branching is a Link whose worker may serve several evaluators.
	Branching = link.Branching
	// Shelf remembers which files workers were given.
	Shelf = link.Shelf
	// DataFile is a file of samples that workers on other machines have too.
	DataFile = link.DataFile
	// Stats count what an Evaluator has done.
	Stats = machine.Stats
	// Plan says at which cuts trials may begin, and what was measured to choose them.
	Plan = machine.Plan
	// Dependence is what a self-test found: a result that is not a function of mask and sample alone.
	Dependence = machine.Dependence
	// Proof is a small network whose one output is known, for the question whether a device computes in full float32.
	Proof = device.Proof
	// Shape is the samples of an evaluation that have one shape, with the network whose shapes are fixed to a block
	// of them.
	Shape = machine.Shape
	// Tensor is what goes into or comes out of a segment of a network.
	Tensor = device.Tensor
	// DType is the element type of a tensor, numbered as in ONNX.
	DType = device.DType
	// Model is a network as an ONNX file in memory, its large weights beside it.
	Model = device.Model
	// Segment is a piece of the network between two cuts, or all that lies behind one.
	Segment = device.Segment
	// Followed is a constant of a segment with two values.
	Followed = device.Followed
	// Source hands out the network.
	Source = device.Source
	// SourceBase is for sources to embed.
	SourceBase = device.SourceBase
	// StoredTensor is a tensor of a cut and the holder on whose grid its values lie.
	StoredTensor = device.StoredTensor
	// Entries hand out a network from each of its cuts.
	Entries = device.Entries
	// Samples is where the data comes from.
	Samples = device.Samples
	// DeviceInfo is a device that searches can run on, or the reason why they cannot.
	DeviceInfo = device.Info
	// Traits are what a kind of device can.
	Traits = device.Traits
	// Traffic is what a device has moved.
	Traffic = device.Traffic
)

// StepsOf is how many steps the samples of a network's inputs have.
func StepsOf(inputs []Tensor) int { return device.StepsOf(inputs) }

// Place copies a sample into one of the slots of a block, of whose memory it has so many pieces.
func Place(block, sample []byte, pieces, slot, slots int) {
	device.Place(block, sample, pieces, slot, slots)
}

// DefaultBlock is the largest block size where none is asked for.
const DefaultBlock = machine.DefaultBlock

// PlanTime is about what Plan takes at most, where a pass of the network over all samples takes so long.
func PlanTime(pass time.Duration) time.Duration { return machine.PlanTime(pass) }

// SampleFirst are the dimensions of a block with the axis of the samples in front; -1: they have none, and it is one
// sample.
func SampleFirst(dims []int64, axis int) []int64 { return machine.SampleFirst(dims, axis) }
