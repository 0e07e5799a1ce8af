package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"example.org/demote/crash"
	"example.org/demote/internal/holdout"
	"example.org/demote/internal/written"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// Exit codes of the program.
const (
	ExitFound       = 0   // the answer was found
	ExitInternal    = 1   // something that should not happen
	ExitMistake     = 2   // the user's mistake: file, flag, shape, target
	ExitUnreachable = 3   // the target cannot be met or promised
	ExitExport      = 4   // the written file does not score what the search said
	ExitInterrupted = 130 // stopped by the user; the best so far is on disk
)

// worded are errors with a text of their own.
type worded struct {
	list []error
	text string
}

func (e worded) Error() string   { return e.text }
func (e worded) Unwrap() []error { return e.list }

// ErrUnreachable says that no mix meets the target.
var ErrUnreachable = errors.New("the target cannot be met")

// ExitCode maps an error of this package to the program's exit code; nil is ExitFound.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitFound
	case errors.As(err, new(*crash.Error)):
		return ExitInternal // whatever else the text that it is in says
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, ErrUnreachable), errors.Is(err, holdout.ErrUnpromised):
		return ExitUnreachable
	case errors.Is(err, written.ErrExport):
		return ExitExport
	}
	if mistake.Is(err) || slices.ContainsFunc(storage, func(full error) bool { return errors.Is(err, full) }) {
		return ExitMistake
	}
	return ExitInternal
}

// storage are the errors of a disk or folder that takes no more, which the user can mend too.
var storage = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.ENAMETOOLONG}

// unreachable is the error for a search that ends with no mix above the target.
func (s *searchRun) unreachable(f search.Result) error {
	high, end, target := s.Text(f.High), f.Low, s.Config.Target
	if s.within {
		return worded{[]error{ErrUnreachable}, "no mix was found within the limit: it ended before the first mix was scored; give a larger limit"}
	}
	if f.AllLow != (search.Score{}) {
		end = f.AllLow
	}
	_, early := s.ended(f.Stop)
	text := "%w: the 16-bit network scores %s and all int8 %s, the target is %s"
	switch {
	case f.Found && early:
		return fmt.Errorf("%w within the limit: the best scores %s, and a mix has to be %s the target %s; give a larger limit, or a target that leaves some room", ErrUnreachable, high, s.Result.Side(), target)
	case f.Found && s.Metric.Lower:
		return fmt.Errorf("%w: the best scores it to the digit, %s, and a mix has to be below it; give a target that leaves some room, such as 16bit+0.005", ErrUnreachable, high)
	case f.Found:
		return fmt.Errorf("%w: the best scores it to the digit, %s, and a mix has to be above it; give a target that leaves some room, such as 16bit-0.005", ErrUnreachable, high)
	case early:
		return fmt.Errorf("%w within the limit: the 16-bit network scores %s, the target is %s", ErrUnreachable, high, target)
	case s.Config.Second():
		text = "%w: the mix of the ladder's first step scores %s, and with all that has gone there in int8 %s, the target is %s"
	case s.Layout.Pinned.Count() > 0:
		text = "%w: the mix with nothing in int8 but what is held there scores %s and all int8 %s, the target is %s"
	case len(s.Layout.High) > 0:
		text = "%w: the 16-bit network scores %s and all int8 but what is held at int16 %s, the target is %s"
	}
	return fmt.Errorf(text, ErrUnreachable, high, s.Text(end), target)
}
