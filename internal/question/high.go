package question

import (
	"context"
	"fmt"
	"math"

	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/record"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

const (
	highLoss    = 0.1  // of a share, between the float network and the one with everything on the high grids
	someLoss    = 0.02 // that has to go with noisy outputs
	highSQNR    = 15   // dB of its outputs against the float network's
	weightsSQNR = 3    // dB that the weights' grids alone may be better, and still are to blame
	blameRows   = 40   // samples that a holder is blamed by, a block or two
)

// questionHigh asks whether the network with everything on the high grids still is the float network, and if not,
// which holder is to blame.
func (s *Questions) questionHigh(ctx context.Context) error {
	if s.floatSight == nil || s.highSight == nil || s.FloatModel == nil {
		return nil
	}
	v := sqnrOf(s.floatSight.rows, s.highSight.rows)
	s.HighSQNR = record.Finite(v)
	bad := v < highSQNR
	if s.Metric.Fraction && s.FloatScore != nil { // outputs may be noisy, and the classes right
		loss := s.FloatScore.Float() - s.HighScore.Float()
		bad = loss > highLoss || bad && loss > someLoss
	}
	if !bad {
		return nil
	}
	text := fmt.Sprintf("the network with everything in int16 is not the float network any more: its outputs are %.3g dB of signal to noise", v)
	if s.Metric.Fraction && s.FloatScore != nil {
		text += fmt.Sprintf(", it scores %s, the float network %s", s.Text(s.HighScore), s.Text(*s.FloatScore))
	}
	var err error
	if s.Blame, err = s.blame(ctx, s.floatSight, v); err != nil {
		return err
	}
	cure := "give --calib samples like those of --data"
	if s.Config.RangeHigh != string(quant.MinMax) {
		cure = "try --range-high minmax, and " + cure
	}
	if b := s.Blame; b != nil && b.SQNR != nil {
		var why string
		few, want := s.few(s.floatSight)
		if b.Holder == "" {
			why, cure, err = s.weightsCure(ctx, few, want, *b.SQNR)
			text += fmt.Sprintf("; to blame are the grids of the weights, %.3g dB alone", *b.SQNR) + why
		} else {
			why, cure, err = s.holderCure(ctx, b.Holder, few)
			text += fmt.Sprintf("; to blame is %s, %.3g dB alone", b.Holder, *b.SQNR) + why
		}
		if err != nil {
			return err
		}
	}
	s.Warn("int16-differs", text, cure)
	return nil
}

// sqnrOf is the signal to noise of outputs against others, in dB. What is not finite in the reference is left out.
func sqnrOf(want, got []float32) float64 {
	signal, noise := 0.0, 0.0
	for i, w := range want {
		d := float64(got[i]) - float64(w)
		if w-w == 0 {
			signal += float64(w) * float64(w)
			noise += d * d
		}
	}
	return 10 * math.Log10(signal/noise)
}

// blame finds the holder that makes most of the noise on a block or two, see noisiest. all is
// the signal to noise with all of them: where the weights' grids alone come near it, they are to blame.
func (s *Questions) blame(ctx context.Context, g *Sight, all float64) (*result.Blame, error) {
	if len(s.Network.Followed) > 0 || s.Groups != nil {
		return nil, nil
	}
	few, want := s.few(g)
	of := func(holders []onnx.Holder) (float64, error) {
		got, err := s.rowsOf(ctx, holders, few)
		if err != nil {
			return 0, err
		}
		return sqnrOf(want, got), nil
	}
	v, err := of(nil)
	if err != nil || v < highSQNR && v < all+weightsSQNR {
		return &result.Blame{SQNR: record.Finite(v)}, err
	}
	worst, v, err := noisiest(s.Network.Holders, all, of)
	if err != nil {
		return nil, err
	}
	return &result.Blame{Holder: worst.Name, SQNR: record.Finite(v)}, nil
}

// few are the samples that a holder is blamed by, and what the float network made of them.
func (s *Questions) few(g *Sight) (few *picked, want []float32) {
	few = &picked{set: s.Data}
	step := max(1, len(g.probes)/blameRows)
	for i := 0; i < len(g.probes) && len(few.samples) < blameRows; i += step {
		few.samples = append(few.samples, g.probes[i])
		want = append(want, g.rows[i*g.row:(i+1)*g.row]...)
	}
	return few, want
}

// rowsOf runs the network with some holders on their high grids and all others left float.
func (s *Questions) rowsOf(ctx context.Context, holders []onnx.Holder, few *picked) ([]float32, error) {
	return s.rowsWith(ctx, s.Network, holders, few)
}

// rowsWith is rowsOf of a network that may have other weights.
func (s *Questions) rowsWith(ctx context.Context, network *onnx.Network, holders []onnx.Holder, few *picked) ([]float32, error) {
	n := *network
	n.Holders = nil
	var grids []quant.Grid
	for i, h := range holders {
		grids = append(grids, s.Records[h.Index].High)
		h.Index = i
		n.Holders = append(n.Holders, h)
	}
	src, records, err := s.FixedSource(ctx, &n, grids)
	if err != nil {
		return nil, err
	}
	o := lookOptions(s.Runner.Task, s.Config)
	e, err := backend.New(ctx, src, few, records, o)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.AllOutputs(ctx, search.NewMask(len(holders)))
}

// picked are some samples of a set.
type picked struct {
	set     *dataset.Set
	samples []int
}

func (p *picked) Len() int { return len(p.samples) }

// Shape is that of one sample.
func (p *picked) Shape(input int) []int64 { return p.set.Shape(input) }

// Whole tells whether an input has no batch in front.
func (p *picked) Whole(input int) bool { return p.set.Whole(input) }

// Steps is how many steps the samples have.
func (p *picked) Steps(input int) int { return p.set.Steps(input) }

func (p *picked) Read(input, i int, dst []byte) error {
	return p.set.Read(input, p.samples[i], dst)
}
