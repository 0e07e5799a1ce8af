package trial

import (
	"context"
	"fmt"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// ChooseDevice finds what trials run on: what --device names, or for auto the first GPU that can be
// used, else the CPU. It says which, and why, where there was a choice.
func (s *Runner) ChooseDevice(ctx context.Context) (err error) {
	if s.Config.Gather != nil {
		if s.Config.Links, err = s.Config.Gather(ctx); err != nil {
			return err
		}
	}
	s.Config.Late = arrivingOf(s.Config.Late)
	if err := s.findDevice(ctx); err != nil {
		return err
	}
	s.Config.OwnMemory = s.Can().OwnMemory
	if s.Can().Queue && s.Config.Members > 1 {
		return mistake.Errorf("--members %d: these are of the CPU: leave it out, or choose --device cpu", s.Config.Members)
	}
	if s.Can().Queue && s.Config.Workers > 1 {
		return mistake.Errorf("--workers %d: a GPU runs all blocks in one queue; leave it out", s.Config.Workers)
	}
	return nil
}

func (s *Runner) findDevice(ctx context.Context) error {
	name := s.Config.Device
	switch {
	case len(s.Config.Links) > 0:
		return s.greet(ctx)
	case name == backend.DeviceCPU, name == "auto" && !backend.WithCUDA:
		s.Device = backend.DeviceInfo{Name: backend.DeviceCPU}
		return nil
	case Several(name):
		return s.findSeveral(name)
	case name != "auto":
		var err error
		if s.Device, err = backend.CheckGPU(name); err == nil {
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
			s.Device = g
			s.sayDevice(", the first GPU that can be used")
			return nil
		}
		why = append(why, g.Name+": "+g.Why)
	}
	s.Device = backend.DeviceInfo{Name: backend.DeviceCPU}
	s.Config.Say("device cpu, since no GPU can be used: " + strings.Join(why, "; "))
	return nil
}

func (s *Runner) sayDevice(why string) {
	s.Config.Say(fmt.Sprintf("device %s%s: %s", s.Device.Name, why, s.Device.Text))
}

// sayGraphs says how the GPU runs the parts of the network, once all of them have run.
func (s *Runner) sayGraphs() {
	if !s.Can().Queue {
		return
	}
	captured, why := s.Ev.Graphs()
	text := fmt.Sprintf("%d of %d parts of the network are replayed as CUDA graphs", captured, s.Ev.Parts())
	switch {
	case captured == 0:
		text = "the network runs node by node, without CUDA graphs: " + why
	case why != "":
		text += ", the others run node by node: " + why
	}
	s.Config.Say(text)
	if remark := s.Ev.Remark(); remark != "" {
		s.Config.Say(remark)
	}
}

// Can are the traits of the device that trials run on; of the CPU before it is chosen.
func (s *Runner) Can() backend.Traits { return backend.KindOf(s.Device.Name).Traits }

// AsWritten says whether the search's own evaluator computes as written files are run here: on this machine's CPU.
func (s *Runner) AsWritten() bool { return s.Can().InOrder && len(s.Config.Links) == 0 }

// Twin is the evaluator on the CPU that written files are held against, as ONNX Runtime computes them
// there: the search's own, or one of the same network beside that on a GPU or on other machines. done gives it back.
func (s *Runner) Twin(ctx context.Context) (e *backend.Evaluator, done func(), err error) {
	if s.AsWritten() {
		return s.Ev, func() {}, nil
	}
	o := s.Options
	o.Naive, o.Stream, o.Cache = true, true, 0
	s.OnCPUs(&o)
	e, err = s.Evaluator(ctx, s.Records, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		src, err := q.Source(ctx)
		return src, q.Data, err
	})
	if err != nil {
		return nil, nil, err
	}
	return e, e.Close, nil
}

// AskAgain is the score of a mix that the search's own evaluator has now, whatever it remembers. On this CPU that is
// the twin's. On a GPU, or on other machines, it says how many samples have another outcome there than on the CPU, and
// warns if any has; right are the twin's outcomes by sample, which a metric that does not count has not.
func (s *Runner) AskAgain(ctx context.Context, mask search.Mask, twin search.Score, right []bool) (search.Score, error) {
	if s.AsWritten() {
		return twin, nil
	}
	own, err := s.Ev.Again(ctx, mask)
	if err != nil {
		return own, err
	}
	others := ""
	if s.Metric.Countable {
		outcomes, err := s.Ev.Outcomes(ctx, mask)
		if err != nil {
			return own, err
		}
		others = otherOutcomes(outcomes, right)
		s.Config.Say(fmt.Sprintf("%s and the CPU: %s of the mix", s.runsOn(), others))
	}
	if own != twin {
		s.Caution("device-differs", differs(s.runsOn(), s.Text(own), s.Text(twin), others), "")
	}
	return own, nil
}

// otherOutcomes counts the samples whose outcome is another one than on the CPU.
func otherOutcomes(outcomes []uint64, right []bool) string {
	other := 0
	for i, r := range right {
		if (outcomes[i/64]>>(i%64)&1 == 1) != r {
			other++
		}
	}
	return fmt.Sprintf("%d of %d samples have another outcome", other, len(right))
}

// differs says that a GPU scores a mix otherwise than the CPU, with what otherOutcomes says; "": the metric does not
// count.
func differs(device, own, twin, others string) string {
	if others != "" {
		others = ", and " + others
	}
	return fmt.Sprintf("%s scores the mix %s, the CPU %s%s: accumulation order differs, so a few values round differently", device, own, twin, others)
}
