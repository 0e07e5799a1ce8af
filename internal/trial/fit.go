package trial

import (
	"context"
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// gpuBlock is the block size on a GPU where none is asked for: the smallest with which the median holder, of so many
// elements a sample, has the elements that fill the GPU, since the kernels of smaller tensors take as long as their
// launch. It is at least an eighth of the samples, up to 256, and at most a quarter, so that trials can end early.
// Blocks are even, and a multiple of eight, so that no bit that comes down is wasted.
func gpuBlock(samples, median, fill int) int {
	ceil := func(a, b int) int { return (a + b - 1) / b }
	block := min(256, max(8, samples/8))
	if median > 0 {
		block = max(block, min(ceil(fill, median), samples/4))
	}
	block = 8 * ceil(ceil(samples, max(1, samples/block)), 8)
	for block > 8 && ceil(samples, block) < 4 {
		block -= 8
	}
	return block
}

// medianHolder is the elements of a sample in the tensor of the holder in the middle, by size; 0: there is none.
func (s *Runner) medianHolder(ctx context.Context) (int, error) {
	known, err := s.Measured(ctx)
	if err != nil || len(s.Network.Activations()) == 0 {
		return 0, err
	}
	var list []int
	for _, h := range s.Network.Activations() {
		list = append(list, int(known.Bytes(h, 2)/(2*4))) // of float32
	}
	slices.Sort(list)
	return list[len(list)/2], nil
}

// FitDevice chooses block size and stored activations for a GPU, and says what they take of its memory
// before it is taken.
func (s *Runner) FitDevice(ctx context.Context) error {
	if !s.Can().OwnMemory {
		return nil
	}
	if s.Groups != nil && len(s.Config.Links) > 0 {
		return backend.ShapesNotThere()
	}
	if s.Groups != nil {
		return s.leaveGPU("samples of different shapes run on the CPU: choose --device cpu, or give the value that fills up the smaller ones, --pad "+s.Inputs[0].Name+"=0", "the samples have different shapes")
	}
	if !s.Can().Halves && slices.ContainsFunc(s.Records, func(r quant.Record) bool { return r.High.Width() == quant.Half }) {
		return s.leaveGPU("bf16 is computed on the CPU alone; choose --device cpu", "bf16 is computed there alone")
	}
	free, err := s.freeMemory()
	if err != nil {
		return err
	}
	s.Device.Free = free
	if err := s.FitSamples(free); err != nil {
		return err
	}
	if s.Config.Block == 0 && blocks.Fixed(s.Model) == 0 && s.Alone == "" {
		median, err := s.medianHolder(ctx)
		if err != nil {
			return err
		}
		if err := s.SetBlock(gpuBlock(s.Data.Len(), median, s.Device.Fill)); err != nil {
			return err
		}
	}
	s.Asked = s.Block
	for {
		need, err := s.Need(ctx)
		if err != nil {
			return err
		}
		if need.sum() <= free || !s.canShrink() {
			s.Config.Say(fmt.Sprintf("memory of %s: %s free; %s for samples, %s for weights, %s for a block's activations at most (blocks of %d), %s for stored activations at most",
				s.Device.Name, memory.Text(free), memory.Text(need.Samples), memory.Text(need.weights), memory.Text(need.Activations), s.Block, memory.Text(s.Cache())))
			return nil
		}
		if err := s.SetBlock(s.Block / 2); err != nil {
			return err
		}
	}
}

// leaveGPU goes over to the CPU where a GPU cannot do something, or refuses the GPU that was asked for, with a cure.
func (s *Runner) leaveGPU(cure, why string) error {
	if s.Config.Device != "auto" {
		return mistake.Errorf("--device %s: %s", s.Config.Device, cure)
	}
	s.Config.Say("device cpu, since " + why)
	if s.Result != nil {
		delete(s.Result.Versions, "device")
	}
	s.Device, s.Among, s.Config.OwnMemory = backend.DeviceInfo{Name: backend.DeviceCPU}, nil, false
	return s.FitSamples(memory.Left())
}

// FitSamples leaves the samples on disk where they do not fit beside the rest into what is free of a GPU's memory.
func (s *Runner) FitSamples(free int64) error {
	if s.Streams != nil || len(s.Config.Links) > 0 { // workers say what they have no room for
		return nil
	}
	note, err := s.StreamBeyond(s.Config, free*int64(max(1, len(s.Among))))
	if note != nil {
		s.Caution(note.ID, note.Text, note.Cure)
	}
	return err
}

// need is what a search takes of a GPU's memory.
type need struct{ Samples, weights, Activations int64 }

func (n need) sum() int64 { return n.Samples + n.weights + n.Activations }

// Need counts what the task takes of a device's memory.
func (s *Runner) Need(ctx context.Context) (n need, err error) {
	held := (s.Data.Len() + s.Block - 1) / s.Block
	if n := max(len(s.Among), len(s.Config.Links)); n > 1 { // each has its own blocks, and the first one of all
		held = min(held, (held+n-1)/n+1)
	}
	samples := held * s.Block
	if s.Streams != nil {
		samples = s.Block
	}
	for i := range s.Inputs {
		n.Samples += int64(blocks.ResidentBytes(s.Data, i)) * int64(samples)
	}
	n.weights = task.WeightBytes(s.Network.Model)
	if n.Activations, err = s.Activations(ctx); err != nil {
		return n, err
	}
	kept, err := s.KeptSteps(ctx)
	n.Activations += kept
	return n, err
}

// canShrink says whether a smaller block may be tried: not where the network fixes it.
func (s *Runner) canShrink() bool { return s.Block > 1 && blocks.Fixed(s.Model) == 0 }

// Shrinking runs f, and again with smaller blocks as long as it ends because the GPU's memory is full;
// s.ev is closed then. Counts do not depend on the block, so nothing that is known is lost but how far
// unfinished trials had come.
func (s *Runner) Shrinking(ctx context.Context, f func(context.Context) error) error {
	for {
		err := f(ctx)
		if !s.Can().OwnMemory || !backend.OutOfMemory(err) {
			return s.lostDevice(err)
		}
		if !s.canShrink() {
			return mistake.Errorf("the memory of %s is full with blocks of %d samples: free memory on the device, use fewer samples with --limit, or choose --device cpu: %w",
				s.runsOn(), s.Block, err)
		}
		if s.Ev != nil {
			s.Ev.Close()
			s.Ev = nil
		}
		if err := s.SetBlock((s.Block + 1) / 2); err != nil {
			return err
		}
		s.Warn("device-memory-full", fmt.Sprintf("the memory of %s is full: going on with blocks of %d samples", s.runsOn(), s.Block), fmt.Sprintf("--block %d begins so", s.Block))
	}
}

// lostDevice words what ends a search whose GPU fails under it.
func (s *Runner) lostDevice(err error) error {
	if err != nil && len(s.Config.Links) > 0 && (backend.WorkerLost(err) || backend.DeviceLost(err)) {
		return s.noWorkers(err)
	}
	if err == nil || !backend.DeviceLost(err) {
		return err
	}
	if len(s.Among) > 1 { // the error names the one
		return fmt.Errorf("a GPU does not answer any more, of %s: %w; what was found so far is kept, and the same command resumes the run", s.DeviceNames(), err)
	}
	return fmt.Errorf("%s does not answer any more: %w; what was found so far is kept, and the same command resumes the run", s.Device.Name, err)
}

// Cache is the memory for stored activations: what was asked for, else a quarter of what is free.
func (s *Runner) Cache() int64 {
	if s.Config.Cache != 0 {
		return max(0, s.Config.Cache)
	}
	if s.Can().OwnMemory {
		return s.Device.Free / 4
	}
	return memory.Left() / 4
}
