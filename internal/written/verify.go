package written

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/engine"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/record"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// outputs are the sums of every sample's output row, to be compared bit for bit.
type outputs [][sha256.Size]byte

// sums runs a mask and sums every sample's outputs. right, which may be nil, is told which samples the metric counts.
func sums(ctx context.Context, e *backend.Evaluator, m search.Mask, right []bool) (outputs, search.Score, error) {
	all := make(outputs, e.Samples())
	score, err := e.Look(ctx, m, backend.Look{Sums: true, Margins: right != nil, Mark: func(sample int, mark backend.Mark) {
		all[sample] = mark.Sum
		if right != nil {
			right[sample] = mark.Right
		}
	}})
	return all, score, err
}

// outcomes runs the mix on the CPU: the sums of its outputs, its score and, of a metric that counts, what it counts.
func (s *Checker) outcomes(ctx context.Context, twin *backend.Evaluator, mask search.Mask) (want outputs, own search.Score, right []bool, err error) {
	if s.Metric.Countable {
		right = make([]bool, twin.Samples())
	}
	want, own, err = sums(ctx, twin, mask, right)
	return want, own, right, err
}

// firstDifference is the first sample whose outputs differ; -1 if none does.
func (o outputs) firstDifference(other outputs) int {
	for i := range o {
		if o[i] != other[i] {
			return i
		}
	}
	return -1
}

// A Checker holds a written file against what was searched: its outputs bit for bit, and its score.
type Checker struct {
	*trial.Runner
	// how the machine of the run differs from this one, so that scores may; empty: it does not
	Elsewhere string
	Unscored  string                  // why there is no score, only a comparison; empty: there is one
	Holds     func(search.Score) bool // whether a score is above the target
	Before    *Rerun                  // of a mix that may be the one that is checked; nil: none
}

// A Rerun is what the search's evaluator has made of a mix when it ran it once more.
type Rerun struct {
	mask  search.Mask
	want  outputs
	own   search.Score
	right []bool // of a metric that counts
}

// Rerun runs a mix once more, for the check of its file to come. It returns nil where the check does that by itself: on
// a GPU, whose twin runs on the CPU, and where a program or all outputs at once make the score.
func (s *Checker) Rerun(ctx context.Context, mask search.Mask) (*Rerun, error) {
	if !s.AsWritten() || s.Command != nil || s.Metric.IsWhole() {
		return nil, nil
	}
	want, own, right, err := s.outcomes(ctx, s.Ev, mask)
	return &Rerun{mask.Clone(), want, own, right}, err
}

// Checked is what the check of a written file has found.
type Checked struct {
	*result.Verified
	again search.Score // of the mix, which the search's own evaluator has been asked anew
	file  search.Score // of the file in the exact session
}

// Verify runs a written file in the exact and in the default session and compares its outputs with the simulator's on
// every sample.
func (s *Checker) Verify(ctx context.Context, mask search.Mask, path string) (c Checked, err error) {
	c.Verified = &result.Verified{Unscored: s.Unscored}
	twin, done, err := s.Twin(ctx)
	if err != nil {
		return c, err
	}
	defer done()
	again := s.Before
	if again == nil || !again.mask.Equal(mask) {
		again = &Rerun{}
		if again.want, again.own, again.right, err = s.outcomes(ctx, twin, mask); err != nil {
			return c, err
		}
	}
	want, own, right := again.want, again.own, again.right
	if c.again, err = s.AskAgain(ctx, mask, own, right); err != nil {
		return c, err
	}
	if c.SHA256, err = sumOfWritten(path); err != nil {
		return c, err
	}
	file, err := task.ReadNetwork(task.OfWritten(s.Config, s.Model), path)
	if err != nil {
		return c, err
	}
	if segments.Sound(file) == nil { // which the child process would fix the shapes of
		if err := sandbox.Network(ctx, file, s.Inputs, segments.ExactSession, s.Config.Say); err != nil {
			return c, err
		}
	}
	if err := s.compareExact(ctx, &c, twin, file, mask, want, own); err != nil {
		return c, err
	}
	if !c.Identical && s.Deals() {
		if err := s.confirm(ctx, &c, file, mask); err != nil {
			return c, err
		}
	}
	if s.Unscored == "" {
		r := record.Score(c.file, s.Metric.Lower)
		c.Correct, c.Value = r.Correct, r.Value
	}
	if s.Unscored != "" {
		return c, nil
	}
	var def search.Score
	if err = segments.Sound(file); err == nil {
		err = sandbox.Network(ctx, file, s.Inputs, nil, s.Config.Say)
	}
	if err == nil {
		err = s.Config.During(stage.Session, 0, func() (err error) {
			def, err = s.scoreDefault(ctx, file)
			return err
		})
	}
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	if err != nil { // what a default session makes of a file is the runtime's own affair
		s.Caution("default-session-fails", fmt.Sprintf("a default session of ONNX Runtime %s cannot run the file: %v", backend.RuntimeVersion(), err), "run it with "+exactCure)
		return c, nil
	}
	s.InDefaultSession(c.Verified, def)
	return c, nil
}

// confirm compares once more with nothing dealt to other machines: what differs counts where this machine's own CPU
// finds it, whatever their CPUs are.
func (s *Checker) confirm(ctx context.Context, c *Checked, file *onnx.Model, mask search.Mask) error {
	return s.Here(func() error {
		twin, done, err := s.Twin(ctx)
		if err != nil {
			return err
		}
		defer done()
		want, own, _, err := s.outcomes(ctx, twin, mask)
		if err != nil {
			return err
		}
		return s.compareExact(ctx, c, twin, file, mask, want, own)
	})
}

// compareExact runs a file in the exact session and compares its outputs with what was searched: first as it is
// written, in batches of the block, and with its shapes fixed to those of the search where it is another's then; at
// last as it is written in other batches.
func (s *Checker) compareExact(ctx context.Context, c *Checked, twin *backend.Evaluator, file *onnx.Model, mask search.Mask, want outputs, own search.Score) error {
	open, err := s.asWritten(ctx, file, mask, want)
	if err != nil {
		return err
	}
	if open != nil {
		a, score, err := open.inBatches(ctx, s.Block, true)
		if err != nil {
			return err
		}
		c.AsWritten, c.file, c.Identical = []result.AsWritten{a}, score, a.Differ == 0
	}
	if !c.Identical && segments.Sound(file) == nil {
		exact, err := s.OpenFile(ctx, file, segments.ExactSession)
		if err != nil {
			return err
		}
		defer exact.Close()
		var got outputs
		if got, c.file, err = sums(ctx, exact, search.NewMask(0), nil); err != nil {
			return err
		}
		if i := want.firstDifference(got); i < 0 {
			c.Identical = true
		} else if c.FirstDiffering, err = twin.FirstDifference(exact, mask, i); err != nil {
			return err
		}
	}
	if open == nil || !c.Identical {
		c.AsWritten = nil
		return nil
	}
	for _, batch := range open.others() {
		a, _, err := open.inBatches(ctx, batch, false)
		if err != nil {
			return err
		}
		c.AsWritten = append(c.AsWritten, a)
	}
	slices.SortFunc(c.AsWritten, func(a, b result.AsWritten) int { return a.Batch - b.Batch })
	s.TellWritten(c.AsWritten, own)
	return nil
}

// scoreDefault scores a file in a session with nothing set, as most users will run it.
func (s *Checker) scoreDefault(ctx context.Context, file *onnx.Model) (search.Score, error) {
	e, err := s.OpenFile(ctx, file, nil)
	if err != nil {
		return search.Score{}, err
	}
	defer e.Close()
	return e.Score(ctx, search.NewMask(0))
}

// ScoreWritten scores a mix as a default session computes its QDQ file.
func (s *Checker) ScoreWritten(ctx context.Context, m search.Mask) (search.Score, error) {
	low := engine.Low(m)
	file, err := onnx.QDQ(pair.Chosen(s.Network, low), s.Records, low)
	if err != nil {
		return search.Score{}, err
	}
	return s.scoreDefault(ctx, file)
}
