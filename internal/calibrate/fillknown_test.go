package calibrate_test

import (
	"context"
	"testing"

	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
)

// TestStatesAreNoMasks has a state that begins at zero not taken for an input of zeros, and a network that is not
// cut, since what is behind a cut is in front of it in the next step.
func TestStatesAreNoMasks(t *testing.T) {
	cfg, _ := tasktest.StepNet(t, tasktest.GruStep(), 8, 3, "hn:h")
	p, err := task.Prepare(context.Background(), cfg.Filled())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	known, err := calibrate.KnownInputs(p.Network.Model, p.Data)
	if err != nil || len(known) > 0 {
		t.Errorf("%v, %v", known, err)
	}
	src, err := p.Source(context.Background())
	if err != nil || src.Cuts() != 2 {
		t.Errorf("%d cuts, %v", src.Cuts(), err)
	}
	p.Network.Model.States = nil
	if src, err = p.Source(context.Background()); err != nil || src.Cuts() <= 2 {
		t.Errorf("without a state: %d cuts, %v", src.Cuts(), err)
	}
}
