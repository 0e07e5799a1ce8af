package backend

import (
	"context"
	"encoding/hex"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/machine"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// An Evaluator runs masks on resident data. It implements search.Evaluator; its methods are for one goroutine at a
// time. What is certain about a trial is decided by bounds.Evaluator, which has the machine below it run blocks. It
// owns sessions, the samples and what is stored of activations, most of it memory that Go's collector does not see:
// Close gives it back. Masks are lent for a call, and have a bit a holder.
type Evaluator struct {
	*bounds.Evaluator
	machine machine.Machine
	opts    Options
	samples int
	holders int
	closed  bool
	head    int // samples at the front of the layout, those of the smallest margins without demotions; 0: there is none
	front   int // likewise, those that it gets wrong, the head, and those of the next margins

	// Arranged is called when ArrangeFor has laid the samples out for a mask; nil: nobody is. Progress of unfinished
	// trials from before is of other blocks.
	Arranged func(mask search.Mask) error
}

var (
	_ search.Evaluator          = (*Evaluator)(nil)
	_ search.DistanceEvaluator  = (*Evaluator)(nil)
	_ search.OutcomesEvaluator  = (*Evaluator)(nil)
	_ search.ArrangingEvaluator = (*Evaluator)(nil)
	_ search.HeadEvaluator      = (*Evaluator)(nil)
	_ search.FrontEvaluator     = (*Evaluator)(nil)
)

// New compiles the network and makes the data resident. The caller must Close the evaluator. Once the context is
// cancelled, what runs ends at the next node of the network, not only at the next block. Records are by holder; a
// network without holders is run as it is. src and samples are used until Close, and stay the caller's. The error is a
// mistake.Err for a network, an output, labels or an option that the metric or the device cannot take, the context's,
// or the device's; then there is nothing to close.
func New(ctx context.Context, src Source, samples Samples, records []quant.Record, o Options) (*Evaluator, error) {
	if many(o) {
		return overMany(ctx, []Shape{{Source: src, Samples: samples}}, records, o)
	}
	m, err := machine.New(ctx, src, samples, records, o)
	if err != nil {
		return nil, err
	}
	return over(m, o, m.Threads(), samples.Len(), src.Holders())
}

// NewShaped is New for samples of several shapes, each of which is run with samples of its own shape. Labels and
// references are those of all samples. The device must be able to run several shapes, as the CPU is.
func NewShaped(ctx context.Context, list []Shape, records []quant.Record, o Options) (*Evaluator, error) {
	if many(o) {
		return overMany(ctx, list, records, o)
	}
	m, err := machine.NewShaped(ctx, list, records, o)
	if err != nil {
		return nil, err
	}
	return over(m, o, m.Threads(), len(m.Order()), list[0].Source.Holders())
}

// many says whether blocks are dealt to members, here or elsewhere.
func many(o Options) bool { return len(o.Links) > 0 || len(o.Members) > 1 }

// overMany is the evaluator over members.
func overMany(ctx context.Context, list []Shape, records []quant.Record, o Options) (*Evaluator, error) {
	holders := list[0].Source.Holders()
	if len(o.Links) > 0 && o.OnCPU {
		m, threads, err := machine.OnCPUs(ctx, list, records, o)
		if err != nil {
			return nil, err
		}
		return over(m, o, threads, len(m.Order()), holders)
	}
	var m *machine.Members
	var err error
	if len(o.Links) > 0 {
		m, err = machine.NewElsewhere(ctx, list, records, o)
	} else {
		m, err = machine.NewMembers(ctx, list, records, o)
	}
	if err != nil {
		return nil, err
	}
	return over(m, o, m.Threads(), len(m.Order()), holders)
}

// over is the evaluator over a machine, which it closes if there cannot be one.
func over(m machine.Machine, o Options, threads, samples, holders int) (*Evaluator, error) {
	rule, err := m.Rule()
	if err != nil {
		m.Close()
		return nil, err
	}
	o.Threads = threads
	return &Evaluator{Evaluator: bounds.NewEvaluator(m, rule), machine: m, opts: o, samples: samples, holders: holders}, nil
}

// Score returns the full score of a mask; of a trial that a scan stopped only the rest is run, and of one that is known
// nothing. The error is that of the context or of the device, or says that the mask is of another length or that the
// evaluator is closed; so with all methods that compute.
func (e *Evaluator) Score(ctx context.Context, mask search.Mask) (search.Score, error) {
	if err := e.ready(mask); err != nil {
		return search.Score{}, err
	}
	return e.Evaluator.Score(ctx, mask)
}

// Again runs a mask over all samples, whatever is known of it, and returns its full score.
func (e *Evaluator) Again(ctx context.Context, mask search.Mask) (search.Score, error) {
	if err := e.ready(mask); err != nil {
		return search.Score{}, err
	}
	return e.Evaluator.Again(ctx, mask)
}

// Scan answers a scan as search.NaiveScan does: with the first candidate, in their order, that passes the bound, or
// the best of them. base is a hint, for what is stored, and changes no answer.
func (e *Evaluator) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	err := e.ready(base)
	if err == nil {
		err = e.ready(candidates...)
	}
	if err != nil {
		return search.Found{Index: -1}, err
	}
	if e.opts.Naive {
		return search.NaiveScan(ctx, e.Score, candidates, b)
	}
	return e.Evaluator.Scan(ctx, base, candidates, b)
}

// Plan measures the network from its finest cuts on, chooses those that make trials cheapest within
// the memory for stored activations, and compiles the chain anew with them. Neither the cuts nor
// what is stored can change a bit of a result: the new chain's outputs are compared with those of
// the network in one piece, wherever it is entered, and if they differ the network stays in one piece.
func (e *Evaluator) Plan() (Plan, error) {
	if err := e.ready(); err != nil {
		return Plan{}, err
	}
	return e.machine.Plan()
}

// Block is the last pass over the compiled chain, and a removable one: every part whose FakeQuant
// nodes can work inside the blocked layout gets a session of that, if its outputs are the same bits
// and it is faster. It returns how many did.
func (e *Evaluator) Block() (int, error) {
	if err := e.ready(); err != nil {
		return 0, err
	}
	return e.machine.Block()
}

// SelfTest proves on the loaded network that a trial is a function of mask and sample: the same
// block run twice, the same samples in other slots with other neighbours, samples among copies of
// themselves, and every worker give the same bits, for no demotion, for all, and for every other
// holder. It returns what breaks the rule, or nil.
func (e *Evaluator) SelfTest() (*Dependence, error) {
	if err := e.ready(); err != nil {
		return nil, err
	}
	return e.machine.SelfTest()
}

// Bits is a digest of the bits that the device computes, as the self-test has seen them on the first samples: the same
// for every number of workers, members and cuts, and another one where the device, or what it runs, computes another
// thing. Empty before a self-test that has found nothing.
func (e *Evaluator) Bits() string {
	if e.ready() != nil {
		return ""
	}
	return hex.EncodeToString(e.machine.Bits())
}

// Distance is the mean squared error of the outputs against the network without demotions, over all values of a few
// samples, the same ones each time: cheap, and only good for an order. NaN where an output is.
func (e *Evaluator) Distance(ctx context.Context, mask search.Mask) (float64, error) {
	if err := e.ready(mask); err != nil {
		return 0, err
	}
	sum, count, err := e.machine.Apart(ctx, mask)
	return sum / float64(count), err
}

// FirstNaN names the first tensor, in computing order, that is not a number for a sample, with
// nothing demoted; empty if none is.
func (e *Evaluator) FirstNaN(sample int) (string, error) {
	if err := e.has(sample); err != nil {
		return "", err
	}
	return e.machine.FirstNaN(sample)
}

// FirstDifference names the first tensor, in computing order, that two networks both have and that
// differs between them for a sample; this one with a mask, the other as it is. Empty if none does.
func (e *Evaluator) FirstDifference(other *Evaluator, m search.Mask, sample int) (string, error) {
	err := e.has(sample, m)
	if err == nil {
		err = other.has(sample)
	}
	if err != nil {
		return "", err
	}
	return e.machine.FirstDifference(other.machine, m, sample)
}

// Stats returns what has been done so far. It must not be called while a method runs.
func (e *Evaluator) Stats() Stats {
	s := Stats{Stats: e.Evaluator.Stats()}
	e.machine.Count(&s)
	return s
}

// Samples is the number of samples that a score is out of.
func (e *Evaluator) Samples() int { return e.samples }

// Holders is the number of holders of a mask.
func (e *Evaluator) Holders() int { return e.holders }

// Workers is the number of blocks that run at once.
func (e *Evaluator) Workers() int { return e.machine.Workers() }

// Threads is the number of threads of the runtime that a worker has.
func (e *Evaluator) Threads() int { return e.opts.Threads }

// Parts is the number of parts that the network is compiled as, for all shapes together.
func (e *Evaluator) Parts() int { return e.machine.Parts() }

// NoOps are the holders whose bit is known to change nothing on a block of the base of now, whatever
// other of them change with it.
func (e *Evaluator) NoOps(block int) []int { return e.machine.NoOps(block) }

// StoredAt describes what is stored in front of each part but the first; nil where samples have several shapes. The
// evaluator owns it.
func (e *Evaluator) StoredAt() [][]device.StoredTensor { return e.machine.StoredAt() }

// TimeSwitch writes a mask where the network reads it, for all workers, and says how long that
// takes: all that lies between two trials.
func (e *Evaluator) TimeSwitch(m search.Mask) time.Duration { return e.machine.TimeSwitch(m) }

// Rebuild makes and closes a session of the network in one piece: what a trial costs, before it has
// run, where masks are edits of a file.
func (e *Evaluator) Rebuild() error {
	if err := e.ready(); err != nil {
		return err
	}
	return e.machine.Rebuild()
}

// Traffic is what the evaluator's device has moved so far.
func (e *Evaluator) Traffic() device.Traffic { return e.machine.Traffic() }

// Graphs says how many of the evaluator's parts a device replays as one captured graph, as far as they have run, and
// why one of the others is not.
func (e *Evaluator) Graphs() (captured int, why string) { return e.machine.Graphs() }

// Remark is what a device has to say of how the parts run, as far as they have run; "" is nothing.
func (e *Evaluator) Remark() string { return e.machine.Remark() }

// Close ends the workers and gives all memory back. It may be called more than once.
func (e *Evaluator) Close() {
	e.closed = true
	e.machine.Close()
}
