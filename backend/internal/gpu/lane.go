//go:build cuda

package gpu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// lane runs blocks on a GPU: the block's inputs are copied, on the device, to the place that the
// first part reads; then each part runs, one graph launch where it could be captured.
type lane struct {
	g       *gpu
	list    []device.Lane // itself
	parts   []*part
	inputs  []*tensor          // of the network, in the order of a block's
	buffers map[string]*tensor // what flows between parts, and the outputs
	loaded  *block             // whose samples inputs hold
	host    []byte             // that blocks which are not resident are read to
	steps   *steps             // nil: samples have one step

	masks   masks
	current search.Mask
	written bool // the device has a mask at all

	plain, graph *cgo.RunOptions
	off          bool // graphs are not used for now, see Plainly

	tally   accumulator
	codes   codes
	left    []leaving // what the next run leaves as codes
	weights weights
	spare   map[string][]float32 // where rows are copied to

	task    *cuda.Task
	f       func() error
	seconds time.Duration
	device.LaneBase
}

// newLane makes memory for every tensor between the parts and binds it, on the worker's thread.
func newLane(g *gpu, parts []*part, inputs []device.Tensor, grids *cuda.Buffer[quant.Params]) (_ *lane, err error) {
	l := &lane{g: g, parts: parts, buffers: map[string]*tensor{}, current: search.NewMask(len(g.opts.Records)),
		spare: map[string][]float32{}}
	l.list = []device.Lane{l}
	l.task = g.worker.Task(func(*cuda.Device) error { return l.f() })
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if err := l.masks.open(g, grids); err != nil {
		return nil, err
	}
	if err := l.tally.prepare(g.d); err != nil {
		return nil, err
	}
	if l.plain, err = cgo.NewRunOptions(cgo.GraphRun(cgo.NoGraph), g.stop); err != nil {
		return nil, err
	}
	if l.graph, err = cgo.NewRunOptions(cgo.GraphRun(1), g.stop); err != nil {
		return nil, err
	}
	for _, in := range inputs {
		v, err := g.tensor(in)
		if err != nil {
			return nil, err
		}
		l.inputs = append(l.inputs, v)
	}
	if err := l.weights.open(g, parts); err != nil {
		return nil, err
	}
	for _, p := range parts {
		for _, t := range slices.Concat(p.Outputs, p.Left) {
			if l.buffers[t.Name] != nil {
				continue // entries into one network end alike
			}
			if l.buffers[t.Name], err = g.tensor(t); err != nil {
				return nil, err
			}
		}
		if err := l.bind(p); err != nil {
			return nil, err
		}
	}
	if l.steps, err = newSteps(l, inputs, parts[len(parts)-1].Segment); err != nil {
		return nil, err
	}
	return l, l.SetMask(l.current) // parts may be timed before they are given a mask
}

// bind binds a part to the lane's memory.
func (l *lane) bind(p *part) (err error) {
	if p.binding, err = p.session.NewBinding(); err != nil {
		return err
	}
	fix := func(name string, of func(string) (cgo.Slot, error), v *tensor) error {
		slot, err := of(name)
		if err != nil {
			return err
		}
		return p.binding.BindDevice(slot, v.value)
	}
	if p.Mask != "" {
		if err := fix(p.Mask, p.binding.Input, l.masks.tensor); err != nil {
			return err
		}
	}
	for _, t := range slices.Concat(p.Inputs, p.Taken) {
		v := l.buffers[t.Name]
		for _, in := range l.inputs {
			if in.Name == t.Name {
				v, p.data = in, true
			}
		}
		if v == nil {
			return fmt.Errorf("part %d reads %s, which no part before it writes", slices.Index(l.parts, p), t.Name)
		}
		if err := fix(t.Name, p.binding.Input, v); err != nil {
			return err
		}
	}
	for _, f := range p.Followed {
		if err := fix(f.Name, p.binding.Input, l.weights.values[f.Name]); err != nil {
			return err
		}
	}
	for _, t := range slices.Concat(p.Outputs, p.Left) {
		if err := fix(t.Name, p.binding.Output, l.buffers[t.Name]); err != nil {
			return err
		}
	}
	return nil
}

// Do runs f on the worker's thread.
func (l *lane) Do(f func() error) error {
	l.f = f
	return gpuError(l.task.Do())
}

// SetMask copies the packed mask up, a bit a holder and nothing else, and has its grids chosen, and the weights that
// follow it selected, where they are.
func (l *lane) SetMask(m search.Mask) error {
	if l.written && l.current.Equal(m) {
		return nil
	}
	first := !l.written
	l.written = false // until all of it is done
	l.current.CopyFrom(m)
	if err := l.masks.write(m); err != nil {
		return err
	}
	if err := l.weights.follow(l, first); err != nil {
		return err
	}
	l.written = true
	return nil
}

// RunPart copies the block's inputs to where the part reads them, if they are not there, and runs it. Then it packs
// what was left to it.
func (l *lane) RunPart(b device.Block, part int) error {
	defer l.Drop()
	if err := l.runPart(l.parts[part], b.(*block)); err != nil {
		return err
	}
	return l.packLeft()
}

func (l *lane) runPart(p *part, data *block) error {
	if l.steps != nil {
		return l.steps.runBlock(data, p)
	}
	if p.data && l.loaded != data {
		l.loaded = nil
		if err := l.load(data); err != nil {
			return err
		}
		l.loaded = data
	}
	return l.runOnce(p)
}

// runOnce runs a part on what its inputs hold.
func (l *lane) runOnce(p *part) error {
	start := time.Now()
	if !p.proved {
		if err := l.prove(p); err != nil {
			return err
		}
	}
	err := l.run(p)
	l.seconds += time.Since(start)
	l.g.opts.Stepped()
	return err
}

// load brings the samples of a block to where the parts read them.
func (l *lane) load(b *block) error {
	for i, in := range l.inputs {
		if b.read == nil {
			if err := in.memory.CopyFrom(l.g.stream, b.inputs[i]); err != nil {
				return err
			}
			continue
		}
		if err := l.copyUp(b, i, in.memory); err != nil {
			return err
		}
	}
	return nil
}

// copyUp reads an input of a block that is not resident, and fills device memory with it.
func (l *lane) copyUp(b *block, input int, to *cuda.Buffer[uint8]) error {
	if n := to.Len(); len(l.host) < n {
		l.host = make([]byte, n)
	}
	host := l.host[:to.Len()]
	if err := b.read(input, host); err != nil {
		return err
	}
	return to.Upload(l.g.stream, host) // waits, so that the next one may write
}

// run replays the part's graph, which its first run captures; a part whose capture is refused, or breaks off, is run
// plainly from then on.
func (l *lane) run(p *part) error {
	l.g.runs++
	if p.plainly == "" && !l.off {
		err := cuda.Explain(p.binding.RunWith(l.graph))
		stopped := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
		if err == nil || errors.Is(err, cuda.ErrLostContext) || l.g.d.Lost() != nil {
			return err
		}
		ended := cgo.EndCapture(l.g.stream.Handle()) // also where the run was stopped: what comes next uses the stream
		if stopped || ended != nil {
			return errors.Join(err, ended)
		}
		p.plainly = firstLine(err)
	}
	return cuda.Explain(p.binding.RunWith(l.plain))
}

// Plainly implements device.Lane.
func (l *lane) Plainly(on bool) { l.off = on }

// Abandon implements device.Lane.
func (l *lane) Abandon(why string) {
	for _, p := range l.parts {
		if p.plainly == "" {
			p.plainly = why
		}
	}
}

// firstLine is an error as a part of a sentence: ONNX Runtime's own texts may have many lines and a thousand
// characters.
func firstLine(err error) string {
	const most = 200
	text, _, _ := strings.Cut(err.Error(), "\n")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return text
}

// Graphs says how many parts are replayed as one captured graph, and why one of the others is not.
func (l *lane) Graphs() (captured int, why string) {
	for _, p := range l.parts {
		if p.plainly == "" {
			captured++
		} else if why == "" {
			why = p.plainly
		}
	}
	return captured, why
}

// Wait ends when the stream is empty, and hands out what the blocks have gained.
func (l *lane) Wait() error {
	err := l.fetch()
	if err == nil {
		err = l.g.stream.Synchronize()
	}
	if err != nil {
		l.tally.forget()
		return err
	}
	for i := range l.tally.tallies {
		l.tally.tallies[i].settle()
	}
	return nil
}

// WatchNaN is of the interface of that name: the kernels always look, so only the mark is cleared and read.
func (l *lane) WatchNaN(on bool) (seen bool, err error) {
	mark := []uint32{0}
	if on {
		return false, l.g.nan.Clear(l.g.stream)
	}
	err = l.g.nan.Download(l.g.stream, mark)
	return mark[0] != 0, err
}

func (l *lane) Spent() time.Duration { return l.seconds }

// EachStep implements lane.
func (l *lane) EachStep(told func(step int, lost []string) error) bool {
	return l.steps != nil && l.steps.Tell(told)
}

// Rows copies an output down, or all steps of it where they are kept.
func (l *lane) Rows(output string) ([]float32, error) {
	if l.steps != nil && l.steps.Output == output {
		return l.steps.allRows()
	}
	v := l.buffers[output]
	if l.spare[output] == nil {
		l.spare[output] = make([]float32, v.floats.Len())
	}
	return l.spare[output], v.floats.Download(l.g.stream, l.spare[output])
}

// close gives everything back, on the worker's thread. It may be called more than once.
func (l *lane) close() {
	for _, p := range l.parts {
		p.binding.Close()
	}
	l.tally.close()
	l.codes.close()
	l.weights.close()
	l.steps.close()
	for _, v := range l.buffers {
		v.close()
	}
	for _, v := range l.inputs {
		v.close()
	}
	l.masks.close()
	l.buffers, l.inputs = nil, nil
	l.plain.Close()
	l.graph.Close()
}
