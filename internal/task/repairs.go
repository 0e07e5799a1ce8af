package task

import (
	"context"
	"maps"
	"math"
	"slices"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/repair"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
)

// A Version is the task's network with repairs, as float network and data give it. The task's own stays.
type Version struct {
	Network *onnx.Network // weights on their grids, biases float
	Records []quant.Record
	Seen    []quant.Range
	first   []quant.Record // of a ladder's first step, in its second; else nil
	Counts  []quant.Counts
	// what the low grids may be instead; nil: there is nothing to choose
	Candidates []calibrate.Candidate
	Changed    int // streams, weights or biases that the last repair has changed; 0: it found none
}

// keepBare keeps the network as it is before its weights are rounded, if repairs are to be tried.
func (p *Task) keepBare(c config.Config) {
	if list, _, err := c.Repairs(); err == nil && len(list) > 0 {
		p.bare = p.Network.Clone()
	}
}

// CanRepair reports whether there is a float network that repairs can begin with.
func (p *Task) CanRepair() bool { return p.bare != nil }

// Repair makes the network with some repairs, in the order of config.Repairs, which are float ones first. The low grids
// are by the range methods of each holder, or, without, by the method of the calibration. A network whose channels were
// scaled is calibrated again.
func (p *Task) Repair(ctx context.Context, repairs, methods []string) (*Version, error) {
	var calib *dataset.Set // opened where something is to be calibrated
	defer func() {
		if calib != nil {
			calib.Close()
		}
	}()
	return p.repair(ctx, func() (_ *dataset.Set, err error) {
		if calib == nil {
			c := p.how
			c.Lists = false
			calib, err = OpenCalib(p.FloatModel, c)
		}
		return calib, err
	}, repairs, methods, nil)
}

// repair is Repair on the calibration samples that open gives. With records of an earlier calibration nothing is
// calibrated.
func (p *Task) repair(ctx context.Context, open func() (*dataset.Set, error), repairs, methods []string, recorded []quant.Record) (*Version, error) {
	seen, err := p.channels(ctx, open)
	if err != nil {
		return nil, err
	}
	r := &Version{Network: p.bare.Clone(), Records: p.Records, Seen: p.Seen, Counts: p.Counts, first: p.first, Candidates: p.Candidates}
	if r.Candidates == nil { // the task has chosen
		r.Candidates = p.Others
	}
	scaled, kinds := 0, ""
	for _, one := range []struct {
		name string
		norm bool
	}{{config.Equalize, false}, {config.Migrate, true}} {
		if !slices.Contains(repairs, one.name) {
			continue
		}
		if r.Changed, err = repair.Even(r.Network.Model, one.norm, seen); err != nil {
			return nil, err
		}
		scaled, kinds = scaled+r.Changed, kinds+one.name+" "
	}
	switch {
	case recorded != nil:
		r.Records = recorded
	case scaled > 0:
		if err := p.calibrateAgain(ctx, r, kinds, open); err != nil {
			return nil, err
		}
	}
	rounded := r.Records
	if r.first != nil { // both steps of a ladder have the same weights
		rounded = r.first
	}
	if low, ok := lowBy(r.Candidates, methods, r.Records, len(r.Network.Activations())); ok && recorded == nil {
		r.Records = withLow(r.Records, low)
	}
	float := r.Network.Model.Clone()
	round := quantize.WeightsFor
	if slices.Contains(repairs, config.FitWeights) {
		round = quantize.FittedWeightsFor
	}
	if err := round(r.Network, rounded); err != nil {
		return nil, err
	}
	last := repairs[len(repairs)-1]
	if last == config.FitWeights {
		r.Changed = len(r.Network.Weights)
	}
	if slices.Contains(repairs, config.CorrectBias) {
		if r.Changed, err = correctBiases(float, r.Network, seen); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// channels are those of the bare network's tensors. The map and its slices are new.
func (p *Task) channels(ctx context.Context, open func() (*dataset.Set, error)) (map[string][]repair.Channel, error) {
	if p.seen == nil {
		axes, err := repair.Tensors(p.bare.Model)
		if err != nil {
			return nil, err
		}
		how, err := p.how.Calibration()
		if err != nil {
			return nil, err
		}
		calib, err := open()
		if err != nil {
			return nil, err
		}
		if p.seen, err = calibrate.Channels(ctx, p.bare, calib, how, axes); err != nil {
			return nil, err
		}
	}
	seen := maps.Clone(p.seen)
	for t, list := range seen {
		seen[t] = slices.Clone(list)
	}
	return seen, nil
}

// sameRange is how much the ends of a tensor's range may move, of their size, that factors do not scale: they change
// no bit of it where the runtime adds up in the same order.
const sameRange = 1e-5

// calibrateAgain makes the grids of a network whose channels were scaled, once for the same kinds of scaling. It holds
// the ranges of all tensors that were not against those of the bare network: a repair changes nothing that the network
// computes in float.
func (p *Task) calibrateAgain(ctx context.Context, r *Version, kinds string, open func() (*dataset.Set, error)) error {
	grids := p.again[kinds]
	if grids == nil {
		calib, err := open()
		if err != nil {
			return err
		}
		if grids, err = CalibrateAndTell(ctx, r.Network, calib, p.how); err != nil {
			return err
		}
		if p.again == nil {
			p.again = map[string]*calibrate.Grids{}
		}
		p.again[kinds] = grids
	}
	scaled, err := repair.Scaled(r.Network.Model)
	if err != nil {
		return err
	}
	same := func(a, b float32) bool {
		return math.Abs(float64(a)-float64(b)) <= sameRange*math.Max(math.Abs(float64(a)), math.Abs(float64(b)))
	}
	if len(grids.Records) != len(p.bare.Holders) {
		return mistake.Errorf("%s: the repaired network has %d activation quantizers, and the one as given %d; leave out --repair", p.how.Model, len(grids.Records), len(p.bare.Holders))
	}
	for i, h := range r.Network.Activations() { // weights are what repairs change
		if h.Tensor != p.bare.Holders[i].Tensor {
			return mistake.Errorf("%s: the repaired network has other activation quantizers: %s in the place of %s; leave out --repair", p.how.Model, h.Tensor, p.bare.Holders[i].Tensor)
		}
		if p.Seen != nil && !scaled[h.Tensor] && !(same(p.Seen[i].Min, grids.Seen[i].Min) && same(p.Seen[i].Max, grids.Seen[i].Max)) {
			return mistake.Errorf("%s: the repaired network computes other values in float, from %g to %g in place of %g to %g, first in tensor %s; leave out --repair",
				p.how.Model, grids.Seen[i].Min, grids.Seen[i].Max, p.Seen[i].Min, p.Seen[i].Max, h.Tensor)
		}
	}
	r.Records, r.Seen, r.Counts, r.Candidates, r.first = grids.Records, grids.Seen, grids.Counts, grids.Candidates, grids.First
	return nil
}

// Repaired says that no more repairs are made: what they begin with is given up.
func (p *Task) Repaired() { p.bare, p.seen, p.again = nil, nil, nil }

// Take makes a repaired network the task's for good, and puts its biases on grids where that is asked for. Warnings are
// of biases that stay float.
func (p *Task) Take(r *Version) ([]result.Warning, error) {
	p.Network, p.Records, p.Seen, p.Counts, p.Others, p.first = r.Network, r.Records, r.Seen, r.Counts, r.Candidates, r.first
	if p.Candidates != nil { // the ranges are yet to be chosen, and biases wait for it
		p.Candidates, p.Others = r.Candidates, nil
	}
	if p.Candidates != nil {
		return nil, nil
	}
	return biasesOnGrids(p.Network, p.Records, p.how)
}

// repairAgain makes the network of a run that is prepared again, with the repairs that it has taken.
func (p *Task) repairAgain(ctx context.Context, calib *dataset.Set, c config.Config) error {
	var recorded []quant.Record
	if p.Seen == nil {
		recorded = p.Records
	}
	r, err := p.repair(ctx, func() (*dataset.Set, error) { return calib, nil }, c.Repaired, c.Ranges, recorded)
	if err != nil {
		return err
	}
	notes, err := p.Take(r)
	p.Repaired()
	p.Notes = append(p.Notes, notes...)
	return err
}
