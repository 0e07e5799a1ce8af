package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"example.org/demote/backend"
)

// links lead to the workers on other machines that the samples are dealt to, no more than there are blocks: to those
// that are there, if any is.
func (s *Runner) links() []backend.Link {
	there := slices.DeleteFunc(slices.Clone(s.Config.Links), backend.IsGone)
	if len(there) == 0 {
		there = s.Config.Links
	}
	return there[:min(len(there), s.blocks())]
}

// blocks is how many blocks the samples of all shapes make.
func (s *Runner) blocks() (n int) {
	for _, q := range s.Members() {
		n += (q.Data.Len() + q.Block - 1) / q.Block
	}
	return n
}

// greet asks the workers on other machines what they run on, which is the same for all. Those that do not say are left
// out. Where none is left it waits for others; the error is that nobody has come.
func (s *Runner) greet(ctx context.Context) error {
	if err := s.meet(ctx); err != nil {
		return err
	}
	s.Config.Say(fmt.Sprintf("the samples are dealt to %d workers: %s", len(s.Config.Links), s.DeviceNames()))
	return nil
}

// meet is greet of workers that the user knows of.
func (s *Runner) meet(ctx context.Context) error {
	for {
		err := s.meetOnce(ctx)
		if err == nil {
			return nil
		}
		if s.Config.Late == nil || ctx.Err() != nil {
			return s.noWorkers(err)
		}
		if s.Config.Links, err = backend.Await(ctx, s.Config.Late, math.MaxInt32, s.Config.Say, err); err != nil {
			return s.noWorkers(err)
		}
	}
}

// meetOnce is meet of the workers that are there. The error is that of the first where none is left.
func (s *Runner) meetOnce(ctx context.Context) (err error) {
	list := s.Config.Links
	said, errs := backend.Greet(ctx, list)
	var there []backend.Link
	var least int64
	for i, l := range list {
		if gerr := errs[i]; gerr != nil {
			err = cmp.Or(err, gerr)
			s.memberLeft(l.Name() + " is left out: " + strings.TrimPrefix(gerr.Error(), l.Name()+": "))
			continue
		}
		if there == nil {
			s.Device, least = said[i], said[i].Free
		}
		there, least = append(there, l), min(least, said[i].Free)
	}
	if there == nil {
		return err
	}
	s.Config.Links, s.Device.Free = there, least
	return nil
}

// noWorkers is the error of a search of which no worker is left.
func (s *Runner) noWorkers(err error) error {
	if errors.Is(err, context.Canceled) || errors.As(err, new(noWorkersError)) {
		return err
	}
	return noWorkersError{fmt.Errorf("no worker is left: %w; what was found so far is kept: start workers again, and give the same command", err)}
}

// noWorkersError is such an error.
type noWorkersError struct{ error }

// Unwrap implements errors.Unwrap.
func (e noWorkersError) Unwrap() error { return e.error }
