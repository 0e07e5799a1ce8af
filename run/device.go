package run

import (
	"context"
	"fmt"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// chooseDevice settles what trials run on: what --device names, or for auto the first GPU that can be
// used, else the CPU. It says which, and why, where there was a choice.
func (s *compiled) chooseDevice() error {
	if err := s.findDevice(); err != nil {
		return err
	}
	s.config.OwnMemory = s.can().OwnMemory
	if s.can().Queue && s.config.Workers > 1 {
		return mistake.Errorf("--workers %d: a GPU runs all blocks in one queue; leave it out", s.config.Workers)
	}
	return nil
}

func (s *compiled) findDevice() error {
	name := s.config.Device
	switch {
	case name == backend.DeviceCPU, name == "auto" && !backend.WithCUDA:
		s.device = backend.DeviceInfo{Name: backend.DeviceCPU}
		return nil
	case name != "auto":
		var err error
		if s.device, err = backend.CheckGPU(name); err == nil {
			s.sayDevice("")
		}
		return err
	}
	gpus, err := backend.GPUs()
	if err != nil {
		return err
	}
	var why []string
	for _, g := range gpus {
		if g.Why == "" {
			s.device = g
			s.sayDevice(", the first GPU that can be used")
			return nil
		}
		why = append(why, g.Name+": "+g.Why)
	}
	s.device = backend.DeviceInfo{Name: backend.DeviceCPU}
	s.config.Say("device cpu, since no GPU can be used: " + strings.Join(why, "; "))
	return nil
}

func (s *compiled) sayDevice(why string) {
	s.config.Say(fmt.Sprintf("device %s%s: %s", s.device.Name, why, s.device.Text))
}

// sayGraphs says how the GPU runs the parts of the network, once all of them have run.
func (s *compiled) sayGraphs() {
	if !s.can().Queue {
		return
	}
	captured, why := s.ev.Graphs()
	text := fmt.Sprintf("%d of %d parts of the network are replayed as CUDA graphs", captured, s.ev.Parts())
	switch {
	case captured == 0:
		text = "the network runs node by node, without CUDA graphs: " + why
	case why != "":
		text += ", the others run node by node: " + why
	}
	s.config.Say(text)
}

// can are the traits of the device that trials run on; of the CPU before it is chosen.
func (s *compiled) can() backend.Traits { return backend.KindOf(s.device.Name).Traits }

// onlyCPU refuses --device for a command that runs on the CPU whatever there is.
func onlyCPU(c Config, command string) error {
	if c.Device == "" || c.Device == "auto" || c.Device == backend.DeviceCPU {
		return nil
	}
	return mistake.Errorf("--device %s: demote %s runs on the CPU, which is the reference for verification; leave it out", c.Device, command)
}

// gpuBlock is the block size on a GPU where none is asked for: large, as a GPU wants it, but at least
// eight blocks, so that trials can end early, and a multiple of eight, so that no bit that comes down
// is wasted.
func gpuBlock(samples int) int { return min(256, max(8, samples/64*8)) }

// fitDevice settles block size and stored activations for a GPU, and says what they take of its memory
// before it is taken.
func (s *compiled) fitDevice(ctx context.Context) error {
	if !s.can().OwnMemory {
		return nil
	}
	if s.groups != nil {
		return s.leaveGPU()
	}
	free, err := backend.FreeMemory(s.device.Name)
	if err != nil {
		return err
	}
	s.device.Free = free
	if err := s.fitSamples(free); err != nil {
		return err
	}
	if s.config.Block == 0 && blocks.Fixed(s.model) == 0 && s.Alone == "" {
		if err := s.setBlock(gpuBlock(s.data.Len())); err != nil {
			return err
		}
	}
	s.asked = s.block
	for {
		need, err := s.need(ctx)
		if err != nil {
			return err
		}
		if need.sum() <= free || !s.canShrink() {
			s.config.Say(fmt.Sprintf("memory of %s: %s free; %s for samples, %s for weights, %s for a block's activations at most (blocks of %d), %s for stored activations at most",
				s.device.Name, memory.Text(free), memory.Text(need.samples), memory.Text(need.weights), memory.Text(need.activations), s.block, memory.Text(s.cache())))
			return nil
		}
		if err := s.setBlock(s.block / 2); err != nil {
			return err
		}
	}
}

// leaveGPU goes over to the CPU where samples have different shapes, or refuses the GPU that was asked for.
func (s *compiled) leaveGPU() error {
	if s.config.Device != "auto" {
		return mistake.Errorf("--device %s: samples of different shapes run on the CPU: choose --device cpu, or give the value that fills up the smaller ones, --pad %s=0", s.config.Device, s.inputs[0].Name)
	}
	s.config.Say("device cpu, since the samples have different shapes")
	s.device, s.config.OwnMemory = backend.DeviceInfo{Name: backend.DeviceCPU}, false
	return s.fitSamples(memory.Left())
}

// fitSamples leaves the samples on disk where they do not fit beside the rest into what is free of a GPU's memory.
func (s *compiled) fitSamples(free int64) error {
	if s.streams != nil {
		return nil
	}
	note, err := s.streamBeyond(s.config, free)
	if note != nil {
		s.caution(note.ID, note.Text, note.Cure)
	}
	return err
}

// need is what a search takes of a GPU's memory.
type need struct{ samples, weights, activations int64 }

func (n need) sum() int64 { return n.samples + n.weights + n.activations }

func (s *compiled) need(ctx context.Context) (n need, err error) {
	samples := (s.data.Len() + s.block - 1) / s.block * s.block
	if s.streams != nil {
		samples = s.block
	}
	for i := range s.inputs {
		n.samples += int64(blocks.ResidentBytes(s.data, i)) * int64(samples)
	}
	n.weights = weightBytes(s.network.Model)
	if n.activations, err = s.activations(ctx); err != nil {
		return n, err
	}
	kept, err := s.keptSteps(ctx)
	n.activations += kept
	return n, err
}

// weightBytes is what the constants of a model take.
func weightBytes(m *onnx.Model) (bytes int64) {
	for _, t := range m.Graph().GetInitializer() {
		bytes += int64(len(t.GetRawData())) + 4*int64(len(t.GetFloatData()))
	}
	return bytes
}

// canShrink says whether a smaller block may be tried: not where the network fixes it.
func (s *compiled) canShrink() bool { return s.block > 1 && blocks.Fixed(s.model) == 0 }

// shrinking runs f, and again with smaller blocks as long as it ends because the GPU's memory is full;
// s.ev is closed then. Counts do not depend on the block, so nothing that is known is lost but how far
// unfinished trials had come.
func (s *compiled) shrinking(ctx context.Context, f func(context.Context) error) error {
	for {
		err := f(ctx)
		if !s.can().OwnMemory || !backend.OutOfMemory(err) {
			return s.lostDevice(err)
		}
		if !s.canShrink() {
			return mistake.Errorf("the memory of %s is full with blocks of %d samples: free memory on the device, use fewer samples with --limit, or choose --device cpu: %w",
				s.device.Name, s.block, err)
		}
		if s.ev != nil {
			s.ev.Close()
			s.ev = nil
		}
		if err := s.setBlock((s.block + 1) / 2); err != nil {
			return err
		}
		s.warn("device-memory-full", fmt.Sprintf("the memory of %s is full: going on with blocks of %d samples", s.device.Name, s.block), fmt.Sprintf("--block %d begins so", s.block))
	}
}

// lostDevice words what ends a search whose GPU fails under it.
func (s *compiled) lostDevice(err error) error {
	if err == nil || !backend.DeviceLost(err) {
		return err
	}
	return fmt.Errorf("%s does not answer any more: %w; what was found so far is kept, and the same command resumes the run", s.device.Name, err)
}

// searchOn is search, on an evaluator that is opened again if it had to be closed.
func (s *searching) searchOn(ctx context.Context) error {
	if s.ev == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
		if err := s.goOn(); err != nil {
			return err
		}
	}
	return s.search(ctx)
}

// twin is the evaluator on the CPU that written files are held against, as ONNX Runtime computes them
// there: the search's own, or one of the same network beside that on a GPU. done gives it back.
func (s *compiled) twin(ctx context.Context) (e *backend.Evaluator, done func(), err error) {
	if s.can().InOrder {
		return s.ev, func() {}, nil
	}
	src, err := s.source(ctx)
	if err != nil {
		return nil, nil, err
	}
	o := s.options
	o.Naive, o.Stream, o.Cache = true, true, 0
	if e, err = backend.New(ctx, src, s.data, s.records, o); err != nil {
		return nil, nil, err
	}
	return e, e.Close, nil
}

// askAgain is the score of a mix that the search's own evaluator has now, whatever it remembers. On the CPU that is
// the twin's; it says it if the twin scores a mix otherwise than the GPU.
func (s *compiled) askAgain(ctx context.Context, mask search.Mask, twin search.Score) (search.Score, error) {
	if s.can().InOrder {
		return twin, nil
	}
	own, err := s.ev.Again(ctx, mask)
	if err == nil && own != twin {
		s.caution("device-differs", fmt.Sprintf("%s scores the mix %s, the CPU %s: accumulation order differs, so a few values round differently", s.device.Name, s.text(own), s.text(twin)), "")
	}
	return own, err
}

// cache is the memory for stored activations: what was asked for, else a quarter of what is free.
func (s *compiled) cache() int64 {
	if s.config.Cache != 0 {
		return max(0, s.config.Cache)
	}
	if s.can().OwnMemory {
		return s.device.Free / 4
	}
	return memory.Left() / 4
}
