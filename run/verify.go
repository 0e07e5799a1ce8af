package run

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// outputs are the sums of every sample's output row, to be compared bit for bit.
type outputs [][sha256.Size]byte

// sums runs a mask and sums every sample's outputs.
func sums(ctx context.Context, e *backend.Evaluator, m search.Mask) (outputs, search.Score, error) {
	all := make(outputs, e.Samples())
	score, err := e.Outputs(ctx, m, func(sample int, row []float32) { all[sample] = sha256.Sum256(blocks.BytesOf(row)) })
	return all, score, err
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

// A checker holds a written file against what was searched: its outputs bit for bit, and its score.
type checker struct {
	*compiled
	elsewhere string                  // how the machine of the run differs from this one, so that scores may; empty: it does not
	unscored  string                  // why there is no score, only a comparison; empty: there is one
	holds     func(search.Score) bool // whether a score is above the target
}

// checked is what the check of a written file has found.
type checked struct {
	*result.Verified
	again search.Score // of the mix, which the search's own evaluator has been asked anew
	file  search.Score // of the file in the exact session
}

// verify runs a written file in the exact and in the default session and compares its outputs with the simulator's on
// every sample.
func (s *checker) verify(ctx context.Context, mask search.Mask, path string) (c checked, err error) {
	c.Verified = &result.Verified{Unscored: s.unscored}
	twin, done, err := s.twin(ctx)
	if err != nil {
		return c, err
	}
	defer done()
	want, own, err := sums(ctx, twin, mask)
	if err != nil {
		return c, err
	}
	if c.again, err = s.askAgain(ctx, mask, own); err != nil {
		return c, err
	}
	if c.SHA256, err = sumOfWritten(path); err != nil {
		return c, err
	}
	file, err := s.config.ofWritten(s.model).readNetwork(path)
	if err != nil {
		return c, err
	}
	if err := sandbox.Network(ctx, file, s.inputs, segments.ExactSession, s.config.Say); err != nil {
		return c, err
	}
	if err := s.compareExact(ctx, &c, twin, file, mask, want, own); err != nil {
		return c, err
	}
	if s.unscored == "" {
		r := scoreResult(c.file, s.metric.Lower)
		c.Correct, c.Value = r.Correct, r.Value
	}
	if s.unscored != "" {
		return c, nil
	}
	var def search.Score
	if err = sandbox.Network(ctx, file, s.inputs, nil, s.config.Say); err == nil {
		def, err = s.scoreDefault(ctx, file)
	}
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	if err != nil { // what a default session makes of a file is the runtime's own affair
		s.caution("default-session-fails", fmt.Sprintf("a default session of ONNX Runtime %s cannot run the file: %v", backend.RuntimeVersion(), err), "run it with "+exactCure)
		return c, nil
	}
	s.inDefaultSession(c.Verified, def)
	return c, nil
}

// compareExact runs a file in the exact session and compares its outputs with what was searched: first as it is
// written, in batches of the block, and with its shapes fixed to those of the search where it is another's then; at
// last as it is written in other batches.
func (s *checker) compareExact(ctx context.Context, c *checked, twin *backend.Evaluator, file *onnx.Model, mask search.Mask, want outputs, own search.Score) error {
	open, err := s.asWritten(ctx, file, mask, want)
	if err != nil {
		return err
	}
	if open != nil {
		a, score, err := open.inBatches(ctx, s.block, true)
		if err != nil {
			return err
		}
		c.AsWritten, c.file, c.Identical = []result.AsWritten{a}, score, a.Differ == 0
	}
	if !c.Identical {
		exact, err := s.openFile(ctx, file, segments.ExactSession)
		if err != nil {
			return err
		}
		defer exact.Close()
		var got outputs
		if got, c.file, err = sums(ctx, exact, search.NewMask(0)); err != nil {
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
	s.tellWritten(c.AsWritten, own)
	return nil
}

// scoreDefault scores a file in a session with nothing set, as most users will run it.
func (s *checker) scoreDefault(ctx context.Context, file *onnx.Model) (search.Score, error) {
	e, err := s.openFile(ctx, file, nil)
	if err != nil {
		return search.Score{}, err
	}
	defer e.Close()
	return e.Score(ctx, search.NewMask(0))
}

// openFile compiles a file that runs as it is, on the search's own data and metric.
func (s *compiled) openFile(ctx context.Context, m *onnx.Model, config map[string]string) (*backend.Evaluator, error) {
	o := s.options
	o.Naive, o.Stream, o.Config = true, true, config
	return s.evaluator(ctx, nil, o, func(q *prepared) (backend.Source, backend.Samples, error) {
		src, err := segments.Plain(ctx, m, q.inputs, q.block, s.output)
		return src, q.data, err
	})
}
