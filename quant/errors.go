package quant

import (
	"errors"
	"fmt"
)

// ErrInput marks errors whose cause is the user's: a threshold that is not positive, calibration data that are not finite,
// an unknown range method. Everything else that this package returns is a programming error of its caller.
var ErrInput = errors.New("quant: bad input")

// inputError is an error that reads as its own text alone and still matches ErrInput.
type inputError struct{ text string }

func (e *inputError) Error() string        { return e.text }
func (e *inputError) Is(target error) bool { return target == ErrInput }

func badf(format string, args ...any) error { return &inputError{fmt.Sprintf(format, args...)} }
