package cpu

import (
	"encoding/binary"
	"fmt"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/cgo"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A Lane runs blocks through the chain of parts with buffers of its own. All lanes share the
// parts; nothing that a lane writes is seen by another, but for the rooms of the store that it is told to write to.
type Lane struct {
	parts   []*Part
	records []quant.Record
	mask    *cgo.Tensor            // uint8, a byte a holder
	buffers map[string]*cgo.Tensor // what flows between parts, and the outputs
	// of entries: stand for rooms where there are none; all of them are one piece of memory
	codes   map[string]*cgo.Tensor
	inputs  []device.Tensor // the network's own
	binds   []*binding      // one a part: the session that runs it
	chosen  []choices       // one a part: the sessions of parts whose constants follow the mask
	seconds time.Duration   // spent inside the runtime
	current search.Mask     // what the mask tensor holds
	torn    bool            // not all parts have come to run it
	nans    uint64          // that FakeQuant nodes had counted when watching began
	high    byte            // its byte of a holder that is not demoted: 0, or cgo.Watch
	left    []int           // holders whose codes the next run writes
	read    []*reading      // one an input, of blocks that are not resident
	steps   *steps          // nil: samples have one step
	floats  []float32       // of integer outputs, see numbers
	stepped func()          // is called behind each run; nil: nobody is
	device.LaneBase
}

// binding is a part bound to a lane's buffers.
type binding struct {
	*cgo.Binding                     // nil of an empty segment
	copies       []dataCopy          // of an empty segment: inputs of the network that are outputs
	data         []dataSlot          // inputs of the network, bound anew for each block
	codes        map[string]cgo.Slot // of what an entry takes and leaves
	unproved     []device.Tensor     // outputs that no run has been seen to write, see runChecked
}

type dataCopy struct {
	to    *cgo.Tensor
	input int
}

type dataSlot struct {
	slot  cgo.Slot
	input int
}

// NewLane binds buffers for every tensor between the parts. inputs are the network's own.
func NewLane(parts []*Part, inputs []device.Tensor, records []quant.Record) (_ *Lane, err error) {
	holders := len(records)
	w := &Lane{parts: parts, records: records, inputs: inputs, buffers: map[string]*cgo.Tensor{}, chosen: make([]choices, len(parts)), current: search.NewMask(holders)}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	if err := w.makeCodes(parts); err != nil {
		return nil, err
	}
	if w.mask, err = cgo.NewTensor(cgo.Uint8, int64(max(holders, 1))); err != nil {
		return nil, err
	}
	clear(w.mask.Bytes())
	for _, p := range parts {
		for _, t := range p.Outputs {
			if w.buffers[t.Name] != nil {
				continue // entries into one network end alike
			}
			if w.buffers[t.Name], err = cgo.NewTensor(t.Type, t.Dims...); err != nil {
				return nil, fmt.Errorf("no memory for %s: %w", t.Name, err)
			}
		}
		w.binds = append(w.binds, nil)
		if p.variants != nil {
			err = w.choose(p.index, w.current)
		} else {
			w.binds[p.index], err = w.bind(p, inputs)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(parts) > 0 {
		if w.steps, err = newSteps(inputs, parts[len(parts)-1].Segment, w.buffers); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// bind binds a part to the lane's mask and buffers. Inputs of the network are left to runPart.
func (w *Lane) bind(p *Part, inputs []device.Tensor) (_ *binding, err error) {
	b := &binding{codes: map[string]cgo.Slot{}}
	if p.Session == nil {
		for _, t := range p.Outputs {
			b.copies = append(b.copies, dataCopy{w.buffers[t.Name], device.IndexTensor(inputs, t.Name)})
		}
		return b, nil
	}
	if b.Binding, err = p.Session.NewBinding(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if p.Mask != "" {
		if _, err := b.fix(p.Mask, w.mask, (*cgo.Binding).Input); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Inputs {
		if i := device.IndexTensor(inputs, t.Name); i >= 0 {
			slot, err := b.Input(t.Name)
			if err != nil {
				return nil, err
			}
			b.data = append(b.data, dataSlot{slot, i})
			continue
		}
		buf, ok := w.buffers[t.Name]
		if !ok {
			return nil, fmt.Errorf("part %d reads %s, which no part before it writes", p.index, t.Name)
		}
		if _, err := b.fix(t.Name, buf, (*cgo.Binding).Input); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Outputs {
		if _, err := b.fix(t.Name, w.buffers[t.Name], (*cgo.Binding).Output); err != nil {
			return nil, err
		}
	}
	b.unproved = p.Outputs
	for _, t := range p.Taken {
		if b.codes[t.Name], err = b.fix(t.Name, w.codes[t.Name], (*cgo.Binding).Input); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Left {
		if b.codes[t.Name], err = b.fix(t.Name, w.codes[t.Name], (*cgo.Binding).Output); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// fix binds a tensor to an input or output, and returns its slot.
func (b *binding) fix(name string, t *cgo.Tensor, of func(*cgo.Binding, string) (cgo.Slot, error)) (cgo.Slot, error) {
	slot, err := of(b.Binding, name)
	if err != nil {
		return slot, err
	}
	return slot, b.Bind(slot, t)
}

// Do runs f where it is called: the CPU has no thread of its own.
func (w *Lane) Do(f func() error) error { return f() }

// Wait has nothing to wait for.
func (w *Lane) Wait() error { return nil }

// SetMask writes the mask where the FakeQuant nodes read it: a copy of a byte a holder.
func (w *Lane) SetMask(m search.Mask) error {
	if !w.torn && w.current.Equal(m) {
		return nil
	}
	w.torn = true
	w.current.CopyFrom(m)
	bytes := w.mask.Bytes()
	for i := range m.Len() {
		bytes[i] = w.high
		if m.Low(i) {
			bytes[i] = cgo.Low
		}
	}
	for p := range w.parts {
		if err := w.choose(p, m); err != nil {
			return err
		}
	}
	w.torn = false
	return nil
}

// RunPart computes one part of a block.
func (w *Lane) RunPart(b device.Block, p int) error {
	defer w.Drop()
	data := b.(*block)
	if data.read == nil {
		return w.runSteps(data.tensors, w.binds[p])
	}
	tensors, err := w.readFor(data, p)
	if err != nil {
		return err
	}
	return w.runSteps(tensors, w.binds[p])
}

func (w *Lane) runBound(data []*cgo.Tensor, b *binding) error {
	for _, c := range b.copies {
		copy(c.to.Bytes(), data[c.input].Bytes())
	}
	if b.Binding == nil {
		return nil
	}
	for _, d := range b.data {
		if err := b.Bind(d.slot, data[d.input]); err != nil {
			return err
		}
	}
	start := time.Now()
	defer func() {
		w.seconds += time.Since(start)
		if w.stepped != nil {
			w.stepped()
		}
	}()
	if b.unproved != nil {
		return w.runChecked(b)
	}
	return b.Run()
}

// Spent implements device.Lane.
func (w *Lane) Spent() time.Duration { return w.seconds }

// Rows is the output's own memory, or that of all steps where they are kept.
func (w *Lane) Rows(output string) ([]float32, error) {
	if w.steps != nil && w.steps.Output == output {
		return w.steps.kept.Float32s(), nil
	}
	if t := w.buffers[output]; t.Type() != cgo.Float32 {
		return w.numbers(t), nil
	}
	return w.buffers[output].Float32s(), nil
}

// numbers are the integers of a tensor as float32, in memory that the lane has for them until it is asked again.
func (w *Lane) numbers(t *cgo.Tensor) []float32 {
	w.floats = w.floats[:0]
	bytes := t.Bytes()
	for i := range t.Len() {
		if t.Type() == cgo.Int64 {
			w.floats = append(w.floats, float32(int64(binary.NativeEndian.Uint64(bytes[8*i:]))))
		} else {
			w.floats = append(w.floats, float32(int32(binary.NativeEndian.Uint32(bytes[4*i:]))))
		}
	}
	return w.floats
}

// Judge reads the rows where they are.
func (w *Lane) Judge(j *metric.Scorer, b device.Block, gain *bounds.Gain) error {
	rows, err := device.OutputRows(w, j)
	if err == nil {
		*gain = j.Block(rows, b.Samples())
	}
	return err
}

// WatchNaN makes the FakeQuant nodes count NaN in what they are given, or no longer. It concerns
// holders that are not demoted. All lanes count into one number.
func (w *Lane) WatchNaN(on bool) (seen bool, err error) {
	w.high = 0
	if on {
		w.high, w.nans = cgo.Watch, cgo.NaNs()
	}
	bytes := w.mask.Bytes()
	for i := range w.current.Len() {
		if !w.current.Low(i) {
			bytes[i] = w.high
		}
	}
	return !on && cgo.NaNs() > w.nans, nil
}

// Compare implements lane: the answers come in the mask.
func (w *Lane) Compare(holders []int) {
	bytes := w.mask.Bytes()
	for _, h := range holders {
		bytes[h] |= cgo.Compare
	}
}

// Agree implements lane.
func (w *Lane) Agree(holder int) bool { return w.mask.Bytes()[holder]&cgo.Compare != 0 }

// Close gives buffers and bindings back. It may be called more than once.
func (w *Lane) Close() {
	for p := range w.chosen {
		w.chosen[p].Close()
	}
	for p, b := range w.binds {
		if b != nil && w.parts[p].variants == nil {
			b.Close()
		}
	}
	w.binds = nil
	for _, list := range []map[string]*cgo.Tensor{w.buffers, w.codes} {
		for _, t := range list {
			t.Close()
		}
	}
	w.buffers, w.codes = nil, nil
	for _, r := range w.read {
		r.Close()
	}
	w.read = nil
	w.steps.Close()
	if w.mask != nil {
		w.mask.Close()
		w.mask = nil
	}
}
