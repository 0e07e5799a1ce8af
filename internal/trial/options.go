package trial

import (
	"runtime"
	"time"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
)

// TrialOptions are the options of the evaluator that trials run on; all others run on the CPU.
func (s *Runner) TrialOptions() (backend.Options, error) {
	o := s.Options
	o.Patient = s.Config.Patient
	if s.pass > 0 {
		o.By = s.Started.Add(s.choosing + setUpFixed + time.Duration(setUpPasses*float64(s.pass)))
	}
	o.Working = s.working()
	if s.Shapes != nil {
		o.Activations = s.ActivationBytes(s.Shapes)
	}
	o.Device = s.Device.Name
	o.Links = s.links()
	o.Late = s.late(o.Links)
	if err := s.dataThere(&o); err != nil {
		return o, err
	}
	o.Members, o.Told, o.Tell = s.members(), s.memberLeft, s.Config.Say
	o.Compared = func(same bool) error {
		if s.Compared == nil {
			return nil
		}
		return s.Compared(same)
	}
	if !s.Can().MayRound {
		return o, nil
	}
	var err error
	o.Proof, err = segments.Proof()
	return o, err
}

// dataThere says of what file workers on other machines may read the samples.
func (s *Runner) dataThere(o *backend.Options) error {
	if s.Config.DataAt == "" || len(o.Links) == 0 {
		return nil
	}
	files, err := s.Data.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name != "data" {
			continue
		}
		o.Data = &backend.DataFile{Path: s.Config.DataAt, Size: f.Bytes}
		return o.Data.SHA256.UnmarshalText([]byte(f.SHA256))
	}
	return nil
}

// setUpPasses and setUpFixed are when the choice of cuts is to be at its end, counted from the start: this many
// passes of the float network over the samples, and so long besides. The proof behind it takes about one and a half
// more: eight, and a second, are what set-up takes at most.
const setUpPasses, setUpFixed = 5.5, time.Second

// working is what the samples and the activations of a block on each worker take, in bytes.
func (s *Runner) working() int64 {
	bytes, workers := int64(blocks.ResidentAll(s.Data, len(s.Inputs))), int64(max(s.Config.Workers, runtime.GOMAXPROCS(0)))
	if s.Shapes == nil {
		return bytes
	}
	return bytes + workers*s.ActivationBytes(s.Shapes)
}

// everyCut are all cuts of a source.
func everyCut(src backend.Source) (cuts []int) {
	for cut := range src.Cuts() {
		cuts = append(cuts, cut)
	}
	return cuts
}
