package mistake

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// TestMistakes are told from other errors however deep they lie, keep what they wrap, and read as their own text.
func TestMistakes(t *testing.T) {
	err := fmt.Errorf("reading: %w", Errorf("a.npz: %w: save it again", io.ErrUnexpectedEOF))
	if !Is(err) || !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "reading: a.npz: unexpected EOF: save it again" {
		t.Errorf("%v: a mistake %v", err, Is(err))
	}
	for _, other := range []error{nil, io.EOF, fmt.Errorf("mistake: %w", io.EOF)} {
		if Is(other) {
			t.Errorf("%v is no mistake", other)
		}
	}
}
