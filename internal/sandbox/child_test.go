package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
)

// TestMain makes the test binary the child of its own tests, too.
func TestMain(m *testing.M) {
	if child, err := Child(os.Args); child {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	tasktest.Main(m)
}

// TestModelThatCannotBeRead holds that a model that ends before its time, as a file does that changes under a mapping,
// ends the child at once and is the error.
func TestModelThatCannotBeRead(t *testing.T) {
	gone := errors.New("the file has changed")
	message := ir.Message{Size: 1000, Write: func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 10))
		return gone
	}}
	begun := time.Now()
	end, err := tryInChild(context.Background(), message, nil, nil, time.Minute)
	if !errors.Is(err, gone) || end.late || time.Since(begun) > 30*time.Second {
		t.Errorf("%+v, %v after %v", end, err, time.Since(begun))
	}
}
