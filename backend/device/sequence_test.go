package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/demote/cgo"
)

// stepLog is a StepMemory that notes what is asked of it.
type stepLog []string

func (l *stepLog) note(format string, args ...any) error {
	*l = append(*l, fmt.Sprintf(format, args...))
	return nil
}

func (l *stepLog) Take(input, step int) error          { return l.note("take %d %d", input, step) }
func (l *stepLog) Hand(output string, input int) error { return l.note("%s to %d", output, input) }
func (l *stepLog) Keep(step int) error                 { return l.note("keep %d", step) }
func stepTensor(name string, steps int, n int64) Tensor {
	return Tensor{Name: name, Type: cgo.Float32, Dims: []int64{2, n}, Steps: steps}
}

// TestSequence holds the order in which any lane runs the steps of a block: what each reads, what is handed on and
// kept, and what becomes of outputs that the runtime does not write.
func TestSequence(t *testing.T) {
	fed := stepTensor("h", 0, 4)
	fed.Fed = "hn"
	inputs := []Tensor{stepTensor("x", 3, 5), fed, stepTensor("who", 0, 5)}
	made := &Segment{Outputs: []Tensor{stepTensor("y", 0, 7), stepTensor("hn", 0, 4)}, Kept: KeptOutput{Name: "y"}}
	q, err := NewSequence(inputs, made)
	if err != nil || q.Steps != 3 || q.Output != "y" || q.Made != 14 {
		t.Fatalf("%+v, %v", q, err)
	}
	var log stepLog
	if err := q.Run(&log, func() error { return log.note("run") }); err != nil {
		t.Fatal(err)
	}
	const want = "take 0 0, take 1 0, take 2 0, run, keep 0, take 0 1, hn to 1, run, keep 1, take 0 2, hn to 1, run, keep 2"
	if got := strings.Join(log, ", "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, lossy := range []bool{false, true} {
		var told []string
		if lossy {
			q.Tell(func(step int, lost []string) error {
				told = append(told, fmt.Sprint(step, lost))
				return nil
			})
		}
		runs := 0
		err := q.Run(&log, func() error {
			runs++
			return &UnwrittenError{Tensors: []string{"g"}}
		})
		if _, unwritten := errors.AsType[*UnwrittenError](err); !unwritten || lossy != (runs == 3) || lossy != slices.Equal(told, []string{"0 [g]", "1 [g]", "2 [g]"}) {
			t.Errorf("lossy %v: %d runs, told of %q, %v", lossy, runs, told, err)
		}
	}
	if q.Tell(nil); q.lossy || q.Told != nil {
		t.Error("it goes on telling")
	}
	fed.Fed = "g"
	if _, err := NewSequence([]Tensor{inputs[0], fed}, made); err == nil || !strings.Contains(err.Error(), "g, which nothing makes") {
		t.Errorf("fed by nothing: %v", err)
	}
	fed.Fed = "y"
	if _, err := NewSequence([]Tensor{inputs[0], fed}, made); err == nil || !strings.Contains(err.Error(), "input h [2 4] is fed by y [2 7]") {
		t.Errorf("of another size: %v", err)
	}
	if q, err := NewSequence(inputs[2:], made); q != nil || err != nil {
		t.Errorf("one step: %+v, %v", q, err)
	}
}
