// Package machine runs blocks of trials on a device, where the last cut in front of what a mask changes has stored
// activations, chooses the cuts, and proves that nothing depends on them. It decides nothing: package bounds above
// asks it for blocks.
package machine

import (
	"context"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// A Machine runs the blocks of trials: of samples that are alike, Single, of several shapes, Shaped, or dealt to
// several members, Members. Samples are meant by their number among all.
type Machine interface {
	bounds.Machine
	// Workers is how many blocks run at once.
	Workers() int
	// Rule says how its blocks add up to a score.
	Rule() (*bounds.Rule, error)

	// Plan chooses the cuts at which trials may begin, and compiles the network anew with them.
	Plan() (Plan, error)
	// Block puts parts into the runtime's blocked layout, where that gives the same bits and is faster, and returns
	// how many.
	Block() (int, error)
	// SelfTest returns what a result depends on beside mask and sample, or nil.
	SelfTest() (*Dependence, error)
	// Bits is the sha256 of the bits of the first block's outputs under the masks of the last self-test; nil before one
	// that has found nothing.
	Bits() []byte
	// Fleeting has nothing stored of what runs from now on, until it is turned off: the samples are about to be laid
	// out anew.
	Fleeting(on bool)
	// LayOut makes the data resident in another order of the samples. Nothing stored survives it.
	LayOut(order []int) error
	// HasHead says that the first so many samples of the layout stand in front of their order: Apart begins behind
	// them.
	HasHead(samples int)
	// Order is the layout: position to sample.
	Order() []int
	// Before is the number of samples in so many blocks of the layout, the first ones.
	Before(blocks int) int

	// Watch hands the output rows of all that runs to f, from several goroutines at once, until unwatch is called.
	// Another context than the one that it was made with ends what runs from now on.
	Watch(ctx context.Context, f func(sample int, row []float32)) (unwatch func(), err error)
	// Row is the number of values of an output row; 0 where rows have different lengths.
	Row() int
	// RowOf is the number of values of a sample's output row.
	RowOf(sample int) int
	// Judged is the number of values that a metric judges at once, and Steps how many steps of a sample it judges.
	Judged(m *metric.Metric) int
	Steps() int
	// Verdict is what an output row of a sample gains or comes to, and Margin how far it is from an error, v being its
	// verdict.
	Verdict(row []float32, sample int) metric.Verdict
	Margin(row []float32, sample int, v metric.Verdict) float64
	// GainOfHit is what a sample gains, if that follows from whether the metric without weights counts it.
	GainOfHit(hit bool, sample int) (gain float64, ok bool)
	// Give tells what the samples gain without demotions.
	Give(gained []metric.Verdict)
	// Apart is the squared error of some outputs of a mask against those without demotions, and the number of values.
	Apart(ctx context.Context, mask search.Mask) (sum float64, count int, err error)

	// WatchNaN has the FakeQuant nodes look for NaN in what they are given, or no longer; then it says whether there
	// was any since.
	WatchNaN(on bool) (seen bool, err error)
	// HiddenNaN is the first sample, in the order of the data, for which some tensor of the network without demotions
	// is NaN, or -1.
	HiddenNaN(ctx context.Context) (int, error)
	// FirstNaN names the first tensor, in computing order, that is NaN for a sample; empty if none is.
	FirstNaN(sample int) (string, error)
	// FirstDifference names the first tensor, in computing order, that differs between this network with a mask and
	// another, of the same kind of machine, as it is; empty if none does.
	FirstDifference(other Machine, m search.Mask, sample int) (string, error)

	// NoOps are the holders whose bit is known to change nothing on a block of the base of now.
	NoOps(block int) []int
	// Parts is the number of parts that the network is compiled as.
	Parts() int
	// StoredAt describes what is stored in front of each part but the first.
	StoredAt() [][]device.StoredTensor
	// TimeSwitch is how long it takes to write a mask for all workers.
	TimeSwitch(m search.Mask) time.Duration
	// Rebuild makes and closes a session of the network in one piece.
	Rebuild() error
	// Count adds what was done.
	Count(s *Stats)
	// Traffic is what the device has moved so far.
	Traffic() device.Traffic
	// Graphs says how many parts are replayed as one captured graph, and why one of the others is not.
	Graphs() (captured int, why string)
	// Remark is what the device has to say of how the parts run; "" is nothing.
	Remark() string
	// Close ends the workers and gives all memory back. It may be called more than once.
	Close()
}

var (
	_ Machine = (*Single)(nil)
	_ Machine = (*Shaped)(nil)
	_ Machine = (*Members)(nil)
)
