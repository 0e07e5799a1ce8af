package written

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"

	"example.org/demote/engine"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// TestRerunBefore holds that a check finds the same with what was run of the mix before, without running it again; that
// it believes what was found then, so that another output is told; and that what was run of another mix is left.
func TestRerunBefore(t *testing.T) {
	ctx := context.Background()
	s := &Checker{Runner: trialtest.Compiled(t, tasktest.TinyConfig(t, 450)), Holds: func(search.Score) bool { return true }}
	mask, other := task.LowMask(s.Network.Holders), search.NewMask(len(s.Network.Holders))
	file, err := onnx.QDQ(s.Network, s.Records, engine.Low(mask))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mixed.onnx")
	if err := file.Write(path); err != nil {
		t.Fatal(err)
	}
	verify := func() (Checked, int) {
		t.Helper()
		before := s.Ev.Stats().Blocks
		c, err := s.Verify(ctx, mask, path)
		if err != nil {
			t.Fatal(err)
		}
		return c, s.Ev.Stats().Blocks - before
	}
	want, _ := verify()
	if !want.Identical {
		t.Fatal("the file does not compute what was searched")
	}
	if s.Before, err = s.Rerun(ctx, mask); err != nil || s.Before == nil {
		t.Fatal(s.Before, err)
	}
	if got, blocks := verify(); !reflect.DeepEqual(got, want) || blocks != 0 {
		t.Errorf("%+v after %d blocks, want %+v after none", got, blocks, want)
	}
	s.Before.want[7][0]++
	if got, _ := verify(); got.Identical {
		t.Error("another output was not told")
	}
	if s.Before, err = s.Rerun(ctx, other); err != nil {
		t.Fatal(err)
	}
	if got, _ := verify(); !reflect.DeepEqual(got, want) {
		t.Errorf("with another mix run before: %+v, want %+v", got, want)
	}
}
