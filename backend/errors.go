package backend

import (
	"errors"
	"fmt"
)

// ErrInput marks what the caller can mend: an unknown metric, a network or data that do not fit.
var ErrInput = errors.New("input")

// inputError is an error that matches ErrInput without saying so.
type inputError struct{ error }

func (inputError) Is(target error) bool { return target == ErrInput }
func (e inputError) Unwrap() error      { return e.error }

func badf(format string, args ...any) error { return inputError{fmt.Errorf(format, args...)} }
