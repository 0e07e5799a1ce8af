package trial

import "example.org/demote/backend"

// OnCPUs has what an evaluator runs, which is the CPU's beside the trials, dealt to the CPUs of the workers on other
// machines, if there are any: those that compute the bits of this machine's. The scores are those of this machine.
func (s *Runner) OnCPUs(o *backend.Options) {
	if len(s.Config.Links) == 0 || s.here || o.KeepOrder {
		return
	}
	if s.shelf == nil {
		s.shelf = &backend.Shelf{}
	}
	o.Links, o.OnCPU, o.Shelf = s.links(), true, s.shelf
	o.Told = func(text string) { s.Config.Say("left to the other CPUs: " + text) }
}

// Deals says whether passes of the CPU are dealt to workers on other machines.
func (s *Runner) Deals() bool { return len(s.Config.Links) > 0 && !s.here }

// Here has f run nothing on the CPUs of other machines.
func (s *Runner) Here(f func() error) error {
	before := s.here
	s.here = true
	defer func() { s.here = before }()
	return f()
}
