package crash

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func caughtFrom(f func()) (err error) {
	defer Catch(&err)
	f()
	return nil
}

//go:noinline
func index(list []int, i int) int { return list[i] }

func TestCatchNamesThePlace(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     func()
		texts []string
	}{
		{"index", func() { index(nil, 3) }, []string{"crash.index (error_test.go:", "index out of range [3]"}},
		{"nil pointer", func() { var e *Error; _ = e.Where }, []string{"crash.TestCatch", "nil pointer"}},
		{"text", func() { panic("a text") }, []string{"crash.TestCatch", "a text"}},
		{"in another module, by ours", func() { _ = slices.Insert([]int{}, 5, 1) }, []string{"crash.TestCatch", "error_test.go:"}},
		{"while another panic is under way", func() {
			defer func() { panic("second") }()
			panic("first")
		}, []string{"second"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := caughtFrom(c.f)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *Error", err)
			}
			for _, text := range c.texts {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q lacks %q", err, text)
				}
			}
			if strings.Contains(err.Error(), "\n") || len(e.Stack) == 0 {
				t.Errorf("%q with a stack of %d bytes", err, len(e.Stack))
			}
		})
	}
}

func TestCatchLeavesErrorsAlone(t *testing.T) {
	f := func() (err error) {
		defer Catch(&err)
		return io.EOF
	}
	if err := f(); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want EOF", err)
	}
}

func TestCatchKeepsWhatWasPanickedWith(t *testing.T) {
	err := caughtFrom(func() { panic(fmt.Errorf("about %w", io.EOF)) })
	if !errors.Is(err, io.EOF) {
		t.Errorf("%v does not match its cause", err)
	}
	var first, second *Error
	if !errors.As(err, &first) {
		t.Fatal(err)
	}
	if again := caughtFrom(func() { panic(first) }); !errors.As(again, &second) || second != first {
		t.Errorf("panicked with again it is %v", again)
	}
	if _, ok := first.Address(); ok {
		t.Error("it has an address")
	}
	err = caughtFrom(func() { panic(fault{}) })
	if !errors.As(err, &second) {
		t.Fatal(err)
	}
	if at, ok := second.Address(); !ok || at != 0x1234 {
		t.Errorf("address %x, %v", at, ok)
	}
}

// fault is what the runtime panics with at an address that cannot be read.
type fault struct{}

func (fault) Error() string { return "fault" }
func (fault) RuntimeError() {}
func (fault) Addr() uintptr { return 0x1234 }

var _ runtime.Error = fault{}
