package machine

import (
	"cmp"
	"context"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/backend/metric"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// A Shape is the samples of an evaluation that have one shape, with the network whose shapes are fixed to a block of
// them.
type Shape struct {
	Source  device.Source
	Samples device.Samples
	Of      []int // the number that each of them has among the samples of all shapes; nil: there is no other shape
	Block   int   // the batch of the Source
	// what its outputs are compared with; nil: it is among Options.Truth, which is that of all samples
	Truth *metric.Truth
}

// A Shaped runs samples of several shapes. Each has its own sessions, data and stored activations, in a machine of
// its own, whose workers run the blocks of all.
type Shaped struct {
	opts    Options
	members []*Single
	of      [][]int // by member: the number of each of its samples among all
	blocks  []place // by block of all: whose block it is
	samples places
	judged  *metric.Parts
	ready   []store.Job // by member: what the blocks of the job under way have in common there
	pool    *pool
	stats   Stats
	booked  func(report) // the method book, made once
}

// place is a block or a sample of a member.
type place struct{ member, at int }

// NewShaped is New for samples of several shapes, each of which is run with samples of its own shape. Labels and
// references are those of all samples. The device must have the trait Shapes.
func NewShaped(ctx context.Context, list []Shape, records []quant.Record, o Options) (*Shaped, error) {
	s, err := openShaped(ctx, list, records, o, nil)
	if err != nil {
		return nil, err
	}
	if err := s.layAll(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// openShaped is NewShaped without data. Judges that have read the network's outputs are those of the machines of the
// shapes, too; nil: they make their own.
func openShaped(ctx context.Context, list []Shape, records []quant.Record, o Options, judges []*metric.Scorer) (_ *Shaped, err error) {
	n := total(list)
	if o, err = o.fit(n); err != nil {
		return nil, err
	}
	if !o.kind().Shapes {
		return nil, mistake.Errorf("--device %s: samples of different shapes run on the CPU: choose --device cpu, or give the value that fills up the smaller ones, --pad NAME=0", o.Device)
	}
	if err := checkShapes(list, records, o); err != nil {
		return nil, err
	}
	s := &Shaped{opts: o, samples: placesOf(list)}
	s.booked = s.stats.book
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	for i, own := range onShape(list, o) {
		var judge *metric.Scorer
		if judges != nil {
			judge = judges[i]
		}
		m, err := open(ctx, list[i].Source, list[i].Samples, records, own, judge)
		if err != nil {
			return nil, err
		}
		m.judge.Among(list[i].Of)
		s.members, s.of = append(s.members, m), append(s.of, list[i].Of)
	}
	s.judged = judgedTogether(s.judges(), s.samples, o)
	if err := s.judged.Check(); err != nil {
		return nil, err
	}
	s.ready = make([]store.Job, len(s.members))
	var runners []func(store.Job) report
	for worker := range o.Workers {
		runners = append(runners, s.runner(worker))
	}
	s.pool = newPool(runners, s.Behind())
	return s, nil
}

// judges are those of all shapes.
func (s *Shaped) judges() (list []*metric.Scorer) {
	for _, m := range s.members {
		list = append(list, m.judge)
	}
	return list
}

// layAll implements body.
func (s *Shaped) layAll() error {
	if err := s.eachOf(func(m *Single) error { return m.LayOut(nil) }); err != nil {
		return err
	}
	s.mix()
	return nil
}

// Rule implements Machine.
func (s *Shaped) Rule() (*bounds.Rule, error) {
	return metric.RuleOf(s.judged.Judges, s.sizes(), looks(s.opts.kind().Traits, s.members[0].judge.Served()))
}

// of are the options of the machine of one shape, of so many samples in all. What its outputs are compared with is its
// own.
func (o Options) of(s Shape, samples int) Options {
	own := o
	own.Block, own.lanes, own.share = s.Block, o.Workers, float64(len(s.Of))/float64(samples)
	own.Cache = int64(float64(o.Cache) * own.share)
	own.Places = nil
	if s.Truth != nil {
		own.Truth = *s.Truth
		return own
	}
	own.Truth = o.Truth.Of(s.Of, samples, o.Places)
	return own
}

// mix orders the blocks.
func (s *Shaped) mix() {
	var counts []int
	for _, m := range s.members {
		counts = append(counts, m.data.Len())
	}
	s.blocks = mixed(counts)
}

// mixed orders so many blocks of each shape: those of each in their own order, the shapes among each other, so that
// what lies in front in one of them lies in front of all.
func mixed(counts []int) (blocks []place) {
	for shape, count := range counts {
		for b := range count {
			blocks = append(blocks, place{shape, b})
		}
	}
	middle := func(p place) float64 { return (float64(p.at) + 0.5) / float64(counts[p.member]) }
	slices.SortStableFunc(blocks, func(a, b place) int { return cmp.Compare(middle(a), middle(b)) })
	return blocks
}

// sizes are the numbers of samples of all blocks, without the padding.
func (s *Shaped) sizes() []int {
	sizes := make([]int, len(s.blocks))
	for i, p := range s.blocks {
		sizes[i] = len(s.members[p.member].data.SamplesOf(p.at))
	}
	return sizes
}

// eachOf calls f for every member, until one has an error.
func (s *Shaped) eachOf(f func(m *Single) error) error {
	for _, m := range s.members {
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Machine.
func (s *Shaped) Close() {
	if s.pool != nil {
		s.pool.Close()
		s.pool = nil
	}
	for _, m := range s.members {
		m.Close()
	}
}
