package run

import (
	"context"
	"fmt"

	"demote/backend"
	"demote/onnx"
	"demote/quant"
)

// calibrationBlock is the number of calibration samples in memory at a time, with all activations
// of the network.
const calibrationBlock = 8

// A gridChoice is how a grid is made from calibration data.
type gridChoice struct {
	kind   quant.Kind
	method quant.Method
	bits   int
}

// gridChoices are those of the low and the high grid.
func (c Config) gridChoices() (low, high gridChoice, err error) {
	pick := func(kind, method string, bits int) (g gridChoice) {
		g.bits = bits
		if err == nil {
			g.kind, err = quant.ParseKind(kind)
		}
		if err == nil {
			g.method, err = quant.ParseMethod(method)
		}
		return g
	}
	low = pick(c.GridLow, c.RangeLow, 8)
	high = pick(c.GridHigh, c.RangeHigh, 16)
	return low, high, err
}

// calibrate runs the float network over the calibration samples, with every holder's tensor as an
// output, and returns a record a holder. Holders of attention masks and the like, as the samples show them, it takes from
// the network, see dropFills. The memory does not grow with the number of samples.
func calibrate(ctx context.Context, n *onnx.Network, data samples, c Config) ([]quant.Record, error) {
	records, _, err := calibrateAndTell(ctx, n, data, c)
	return records, err
}

// calibrateAndTell is calibrate, with the lowest and highest value that each holder's tensor had.
func calibrateAndTell(ctx context.Context, n *onnx.Network, data samples, c Config) ([]quant.Record, []quant.Range, error) {
	low, high, err := c.gridChoices()
	if err != nil {
		return nil, nil, err
	}
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return nil, nil, err
	}
	if data.Len() == 0 {
		return nil, nil, mistakef("%s: the calibration data has no samples", c.Calib)
	}
	known, err := knownInputs(n.Model, data)
	if err != nil {
		return nil, nil, err
	}
	put, err := n.Fills(fillLimit, known)
	if err != nil {
		return nil, nil, err
	}
	observers, fills := make([]*quant.Observer, len(n.Holders)), fillsOf(put)
	for again := true; again; {
		for i := range observers {
			observers[i] = quant.NewObserver(low.method, high.method)
			observers[i].IgnoreNonFinite = c.AllowNaN
		}
		if err := observe(ctx, n, data, observers, fills, c); err != nil {
			return nil, nil, err
		}
		if fills, again, err = fills.again(n, known); err != nil {
			return nil, nil, err
		}
	}
	if observers, err = dropFills(n, observers, fills); err != nil {
		return nil, nil, err
	}
	records, seen := make([]quant.Record, len(n.Holders)), make([]quant.Range, len(n.Holders))
	for i, o := range observers {
		r := &records[i]
		if r.Low, err = o.Grid(formula, low.method, low.kind, low.bits); err == nil {
			r.High, err = o.Grid(formula, high.method, high.kind, high.bits)
		}
		if err == nil {
			seen[i], err = o.Range(quant.MinMax, low.kind, low.bits)
		}
		if err != nil {
			return nil, nil, mistakef("%s: holder %s: %w%s", c.Calib, n.Holders[i].Name, err, tooWide(o))
		}
	}
	return records, seen, nil
}

// observe shows every holder's values to its observer, one sample at a time, as many passes as the
// methods need.
func observe(ctx context.Context, n *onnx.Network, data samples, observers []*quant.Observer, fills fills, c Config) error {
	block, err := chooseBlock(n.Model, 0)
	if err != nil {
		return err
	}
	if batchOf(n.Model) == 0 {
		block = min(calibrationBlock, data.Len())
	}
	if c.alone != "" && batchOf(n.Model) == 0 || alone(n.Model, data) {
		block = 1
	}
	inputs, err := blockInputs(n.Model, data, block)
	if err != nil {
		return err
	}
	shapes, err := measureShapes(ctx, n.Model, inputs, block)
	if err != nil {
		return err
	}
	fixed, err := shapes.fix(n.Model, inputs, block, nil)
	if err != nil {
		return err
	}
	isInput := map[string]int{}
	for i, in := range inputs {
		isInput[in.Name] = i
	}
	var names []string
	for _, h := range n.Holders {
		if _, ok := isInput[h.Tensor]; !ok {
			names = append(names, h.Tensor)
		}
	}
	whole, err := newSource(fixed, 0, names)
	if err != nil {
		return err
	}
	names = withOutputs(fixed, whole, names)
	model := fixed.WithOutputs(names...)
	src, err := newSource(model, 0, names)
	if err != nil {
		return err
	}
	stretch, err := src.stretch(model)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, t := range stretch.Outputs {
		at[t.Name] = i
	}
	again := &repeats{}
	sample := make([][]float32, len(inputs)) // of the network's own inputs, which are no outputs
	for pass := range observers[0].Passes() {
		fed := data
		if pass == 0 {
			fed = twice{data, block}
		}
		err := backend.Pass(ctx, stretch, fed, optimization, func(first, count int, outputs [][]float32) error {
			switch {
			case pass > 0:
			case first == 0:
				again.sum(outputs)
				return nil
			case first == block:
				if i := again.differs(outputs); i >= 0 {
					return refuseChance(ctx, fixed, data, block, stretch.Outputs[i].Name, c)
				}
			}
			if pass == 0 {
				first -= block
			}
			bad, tensor := -1, ""
			for i, h := range n.Holders {
				if in, ok := isInput[h.Tensor]; ok {
					if err := observeInput(data, in, first, count, &sample[in], func(x []float32) { observers[i].Observe(pass, fills.take(i, x)) }); err != nil {
						return err
					}
					continue
				}
				values := outputs[at[h.Tensor]]
				rows := shapes.rows(h.Tensor, block)
				for slot := range count {
					before := observers[i].NonFinite()
					observers[i].Observe(pass, fills.take(i, rows.of(values, slot)))
					if observers[i].NonFinite() > before && (bad < 0 || first+slot < bad) {
						bad, tensor = first+slot, h.Tensor
					}
				}
			}
			if bad >= 0 && !c.AllowNaN {
				return mistakef("%s: the float network gives NaN or infinity for calibration sample %d of %s, first in tensor %s; mend the network, leave out the sample, or go on with --allow-nan",
					c.Model, bad, c.Calib, tensor)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// observeInput shows a network input's samples.
func observeInput(data samples, input, first, count int, buffer *[]float32, f func([]float32)) error {
	elems := 1
	for _, d := range data.Shape(input) {
		elems *= int(d)
	}
	if len(*buffer) != elems {
		*buffer = make([]float32, elems)
	}
	for i := range count {
		if err := data.Read(input, first+i, floatBytes(*buffer)); err != nil {
			return fmt.Errorf("calibration sample %d: %w", first+i, err)
		}
		f(*buffer)
	}
	return nil
}
