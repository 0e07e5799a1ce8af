//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"reflect"
)

// Sentinels for errors.Is.
var (
	// ErrNoDevice: there is no such GPU, or it cannot be used.
	ErrNoDevice = errors.New("no usable GPU")
	// ErrOutOfMemory: an allocation did not fit; the device works on.
	ErrOutOfMemory = errors.New("out of GPU memory")
	// ErrLostContext: the context is gone or holds a sticky error; nothing on it works any more, and its memory is
	// lost.
	ErrLostContext = errors.New("the GPU context is lost")
	// ErrDriver: the driver is too old, or refuses the kernels.
	ErrDriver = errors.New("unsuitable NVIDIA driver")
)

// Codes of the driver API that decide something here (CUresult).
const (
	codeInvalidValue  = 1
	codeOutOfMemory   = 2
	codeBusy          = 46
	codeNoDevice      = 100
	codeInvalidDevice = 101
	codeNotReady      = 600
)

// kinds maps a code to its sentinel. The lost ones are those after which CUDA documents that the process must destroy
// the context: any launch failure, a memory fault, an uncorrectable ECC error; and a context that is not there.
var kinds = map[int]error{
	codeOutOfMemory: ErrOutOfMemory,
	codeNoDevice:    ErrNoDevice, codeInvalidDevice: ErrNoDevice, codeBusy: ErrNoDevice, 3: ErrNoDevice,
	34: ErrDriver, 35: ErrDriver, 200: ErrDriver, 209: ErrDriver, 218: ErrDriver, 221: ErrDriver, 222: ErrDriver, 803: ErrDriver,
	201: ErrLostContext, 214: ErrLostContext, 220: ErrLostContext, 700: ErrLostContext, 702: ErrLostContext, 709: ErrLostContext,
	710: ErrLostContext, 714: ErrLostContext, 715: ErrLostContext, 716: ErrLostContext, 717: ErrLostContext, 718: ErrLostContext,
	719: ErrLostContext, 999: ErrLostContext,
}

// callError is what a driver call returned.
type callError struct {
	Op    string // what was being done, with the name of the tensor or kernel
	Code  int    // CUresult
	Name  string // gorgonia.org/cu's name of the code
	Bytes int64  // size of the allocation or copy, 0 where there is none
	Free  int64  // free device memory after a failed allocation, else 0
	Hint  string // what to do about it, "" if nothing is known
}

// Error returns one line: what was being done, what went wrong, sizes, what to do.
func (e *callError) Error() string {
	s := fmt.Sprintf("%s: %s (CUDA error %d)", e.Op, e.Name, e.Code)
	if e.Bytes > 0 {
		s += fmt.Sprintf(", %d bytes", e.Bytes)
	}
	if e.Code == codeOutOfMemory {
		s += fmt.Sprintf(" asked for, %d free", e.Free)
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Is reports whether target is the sentinel of the error's code.
func (e *callError) Is(target error) bool { return kinds[e.Code] == target }

// driverError wraps what gorgonia.org/cu returned; nil stays nil. Its error type is a number that is not exported.
func driverError(op string, bytes int64, err error) error {
	if err == nil {
		return nil
	}
	v := reflect.ValueOf(errorCause(err))
	if v.Kind() != reflect.Int {
		return fmt.Errorf("%s: %w", op, err)
	}
	e := &callError{Op: op, Code: int(v.Int()), Name: fmt.Sprint(v.Interface()), Bytes: bytes}
	if e.Code == codeBusy {
		e.Hint = busyGPU
	}
	return e
}

// errorCause unwraps the layers that gorgonia.org/cu adds with github.com/pkg/errors.
func errorCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if c, ok := err.(interface{ Cause() error }); ok {
			next = c.Cause()
		}
		if next == nil {
			return err
		}
		err = next
	}
}

// isCode reports whether err is a driver error with this code.
func isCode(err error, code int) bool {
	var e *callError
	return errors.As(err, &e) && e.Code == code
}
