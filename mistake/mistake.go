// Package mistake marks errors whose cause is what the user has given: a file that is missing, damaged or of another
// kind, an option, a shape, a target. Their text is one line that says what is wrong, where, and what to do about it;
// the program ends with exit code 2.
//
// Texts name an option by its flag, such as --limit, which is what the user of the program types. In a program that
// has no such flags they read "option limit"; NameFlags says which it is.
package mistake

import (
	"errors"
	"fmt"
)

// Err is what errors.Is finds in every mistake. Its own text is never part of one.
var Err = errors.New("mistake")

// A mistake reads as its own text alone. err has the flags as they were written, plain has options instead.
type mistake struct {
	err   error
	plain string
}

// Error returns the text, with flags or options as NameFlags has it at the time of the call.
func (m *mistake) Error() string {
	if flagsNamed.Load() {
		return m.err.Error()
	}
	return m.plain
}

func (m *mistake) Unwrap() []error { return []error{Err, m.err} }

// Errorf makes a mistake; %w works as in fmt.Errorf. The flags in format and in text among args become options where
// the program has none. An error among args keeps the text that it has: it may quote the user, or another program.
func Errorf(format string, args ...any) error {
	m := &mistake{err: fmt.Errorf(format, args...)}
	kept := make([]any, len(args))
	for i, a := range args {
		if err, ok := a.(error); ok {
			a = quoted{err}
		}
		kept[i] = a
	}
	m.plain = options(fmt.Errorf(format, kept...).Error())
	return m
}

// Is reports whether an error is a mistake of the user.
func Is(err error) bool { return errors.Is(err, Err) }
