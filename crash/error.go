package crash

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// An Error is a panic that was caught: a mistake of this project's.
type Error struct {
	Value any    // what was panicked with
	Where string // function, file and line of this project where it arose, such as "onnx.(*Model).Bytes (encode.go:88)"
	Stack []byte // of the goroutine, for the log
}

// Error says what went wrong and where, in one line.
func (e *Error) Error() string { return fmt.Sprintf("internal error in %s: %v", e.Where, e.Value) }

// Unwrap returns what was panicked with, if it is an error.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Address returns the memory address that could not be read, where the panic is such a fault; debug.SetPanicOnFault
// has them panic.
func (e *Error) Address() (uintptr, bool) {
	var fault interface{ Addr() uintptr }
	err, ok := e.Value.(error)
	if !ok || !errors.As(err, &fault) {
		return 0, false
	}
	return fault.Addr(), true
}

// Catch, deferred, puts an *Error into err if the function panics:
//
//	defer crash.Catch(&err)
func Catch(err *error) {
	if v := recover(); v != nil {
		*err = caught(v)
	}
}

// caught describes a panic. An *Error that was panicked with again stays what it is.
func caught(v any) *Error {
	if e, ok := v.(*Error); ok {
		return e
	}
	return &Error{Value: v, Where: where(), Stack: debug.Stack()}
}

// module begins the names of this project's functions.
const module = "example.org/demote/"

// where finds the innermost function of this project below the panic, else the innermost of any other.
func where() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	first, panicking := "", false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking, first = true, "" // the innermost panic has the last word
		case !panicking || strings.HasPrefix(f.Function, "runtime."):
		case strings.HasPrefix(f.Function, module):
			return place(f)
		case first == "":
			first = place(f)
		}
		if !more {
			break
		}
	}
	if first == "" {
		return "an unknown place"
	}
	return first
}

func place(f runtime.Frame) string {
	return fmt.Sprintf("%s (%s:%d)", strings.TrimPrefix(f.Function, module), filepath.Base(f.File), f.Line)
}
