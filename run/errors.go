package run

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"example.org/demote/crash"
	"example.org/demote/mistake"
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

// ErrUnreachable says that no mix meets the target.
var ErrUnreachable = errors.New("the target cannot be met")

// ErrUnpromised says that no mix can be promised with the confidence asked for.
var ErrUnpromised = errors.New("no mix can be promised")

// ErrExport says that the written file does not score what the search said.
var ErrExport = errors.New("the export does not score what the search said")

// ExitCode maps an error of this package to the program's exit code; nil is ExitFound.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitFound
	case errors.As(err, new(*crash.Error)):
		return ExitInternal // whatever else the text that it is in says
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrUnpromised):
		return ExitUnreachable
	case errors.Is(err, ErrExport):
		return ExitExport
	}
	if mistake.Is(err) || slices.ContainsFunc(storage, func(full error) bool { return errors.Is(err, full) }) {
		return ExitMistake
	}
	return ExitInternal
}

// storage are the errors of a disk or folder that takes no more, which the user can mend too.
var storage = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.ENAMETOOLONG}
