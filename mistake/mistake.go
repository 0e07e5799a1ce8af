// Package mistake marks errors whose cause is what the user has given: a file that is missing, damaged or of another
// kind, a flag, a shape, a target. Their text is one line that says what is wrong, where, and what to do about it;
// the program ends with exit code 2.
package mistake

import (
	"errors"
	"fmt"
)

// Err is what errors.Is finds in every mistake. Its own text is never part of one.
var Err = errors.New("mistake")

// A mistake reads as its own text alone.
type mistake struct{ err error }

func (m *mistake) Error() string   { return m.err.Error() }
func (m *mistake) Unwrap() []error { return []error{Err, m.err} }

// Errorf makes a mistake; %w works as in fmt.Errorf.
func Errorf(format string, args ...any) error { return &mistake{fmt.Errorf(format, args...)} }

// Is reports whether an error is a mistake of the user.
func Is(err error) bool { return errors.Is(err, Err) }
