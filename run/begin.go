package run

import (
	"context"
	"runtime"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/record"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// check refuses what can be refused before anything is read.
func (s *searchRun) check(ctx context.Context) error {
	c := s.Config
	if err := c.CheckGiven(); err != nil {
		return err
	}
	var err error
	if s.wanted, err = wantedOf(c); err != nil {
		return err
	}
	if s.Unmet == nil {
		s.Unmet = func(given search.Endpoints, high search.Score) (string, error) {
			return unmet(c.Target, s.wanted, s.Scale(), given, high)
		}
	}
	if c.Out == "" && !c.DryRun {
		return mistake.Errorf("--out is missing: give a new folder for what is found, --out DIR")
	}
	if s.rules, err = constraint.Parse(c.Pins, c.Groups, c.Profile, pinWords(c)); err != nil {
		return err
	}
	s.rules = s.rules.Hold(c.Held())
	if !slices.Contains(Strategies(), c.Strategy) {
		return mistake.Errorf("unknown strategy %q: choose one of %s", c.Strategy, strings.Join(Strategies(), ", "))
	}
	if err := c.CheckChoices(); err != nil {
		return err
	}
	if err := c.CheckPromise(); err != nil {
		return err
	}
	if err := c.CheckProof(); err != nil {
		return err
	}
	if s.Metric, s.Command, err = c.NamedMetric(); err != nil {
		return err
	}
	if s.Metric != nil {
		if err := s.wanted.check(c, s.Scale()); err != nil {
			return err
		}
	}
	return s.ChooseDevice(ctx)
}

// begin makes the result that everything found is written into. It refuses a target or data that the
// metric cannot do with.
func (s *searchRun) begin(ctx context.Context) error {
	c := s.Config
	var err error
	if s.Metric, s.Command, err = s.PickMetric(ctx, c); err != nil {
		return err
	}
	if err := s.wanted.check(c, s.Scale()); err != nil {
		return err
	}
	if err := s.refuseNarrow(); err != nil {
		return err
	}
	s.Result = &config.Result{
		SchemaVersion: result.Schema, Command: c.Command, Config: c,
		Versions: map[string]string{"demote": c.Version, "onnxruntime": backend.RuntimeVersion(), "go": runtime.Version(), "instructions": backend.Instructions()},
		Inputs:   s.Files, Samples: s.Data.Len(), Steps: s.Steps(), Strategy: c.Strategy, Formula: c.Formula,
		Target: result.Target{Text: c.Target}, Int16Share: c.Int16Share, Unrolled: task.NodesUnrolled(s.Network), Promotion: []string{}, Chain: []result.Step{}, Warnings: s.worded(s.Notes), Widths: c.Words.Widths(), Ladder: c.LadderResult(),
	}
	flow := s.Network.Flow()
	for i, h := range s.Network.Holders {
		r := s.Records[i]
		out := result.Holder{Name: h.Name, Index: i, Weights: h.Weights != nil, Precision: record.Precision(r.High), Low: record.Grid(r.Low), High: record.Grid(r.High), From: flow[i].From, Ops: flow[i].Ops}
		if s.Seen != nil {
			out.Seen = &result.Range{Min: float64(s.Seen[i].Min), Max: float64(s.Seen[i].Max)}
		}
		s.Result.Holders = append(s.Result.Holders, out)
	}
	if len(c.WeightBits) > 0 || c.SearchWeights {
		if s.Result.Layers, err = task.LayersOf(s.Network); err != nil {
			return err
		}
		if s.layerHolders, err = task.LayerHolders(s.Network); err != nil {
			return err
		}
		c.Say(result.WeightText(s.Result.Layers))
	}
	s.Result.Metric, s.Result.Lower = s.Metric.Name, s.Metric.Lower
	for _, w := range s.StrayIgnore(c) {
		s.Warned(w)
	}
	if s.Device.Text != "" {
		s.Result.Versions["device"] = s.DeviceNames() + " " + s.Device.Text
	}
	return s.constrainSearch(ctx)
}

// worded are notes of the set-up, as a result has them.
func (s *searchRun) worded(notes []result.Warning) []result.Warning {
	list := make([]result.Warning, len(notes))
	for i, n := range notes {
		list[i] = result.Warning{ID: n.ID, Text: s.Config.Words.Text(n.Text), Cure: s.Config.Words.Text(n.Cure)}
	}
	return list
}

// refuseNarrow refuses grids of 4 bits where a default session would have to run them, and beside 8 bits or truth
// values where the file's shapes are fixed, or where it has a score of its own by another formula, and this runtime
// cannot run it.
func (s *searchRun) refuseNarrow() error {
	fixed := s.Config.FixShapes || !blocks.HasFreeAxes(s.Network.Model)
	bytes := segments.ConfusesCodes() && s.Network.Model.ComputesBytes()
	for _, r := range s.Records[:len(s.Network.Activations())] {
		if r.Low.Bits == 4 && s.Config.Session == "default" {
			return mistake.Errorf("--session default: a default session of ONNX Runtime has no kernels for activations of 4 bits; leave it out")
		}
		if r.Low.Bits == 4 && bytes && (fixed || r.Low.Formula != quant.QDQ) {
			return mistake.Errorf("4 bits in a network that computes truth values or bytes, with fixed axes or another formula: ONNX Runtime %s gives such tensors the memory of tensors of 4 bits; give a network with a free batch axis and no --formula, --bits 8,16, or ONNX Runtime 1.32", backend.RuntimeVersion())
		}
		if r.Low.Bits == 4 && r.High.Bits == 8 && r.Low.Formula != quant.QDQ && segments.ConfusesCodes() {
			return mistake.Errorf("--formula %s: ONNX Runtime %s cannot score a file with 4 bits beside 8 that computes another formula; leave it out, or give --bits 4,16 or 8,16", r.Low.Formula, backend.RuntimeVersion())
		}
		if r.Low.Bits == 4 && r.High.Bits == 8 && fixed && segments.ConfusesCodes() {
			return mistake.Errorf("4 bits beside 8 in a network with fixed axes: ONNX Runtime %s gives tensors of 8 bits the memory of tensors of 4 bits; give a network with a free batch axis, --bits 4,16 or 8,16, or ONNX Runtime 1.32", backend.RuntimeVersion())
		}
	}
	return nil
}
