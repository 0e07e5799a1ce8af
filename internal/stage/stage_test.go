package stage_test

import (
	"testing"
	"testing/synctest"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
)

// TestStagesFollowEachOther holds that a stage which begins long after the last word says sooner how it stands.
func TestStagesFollowEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan stage.Stage, 10)
		c := config.Config{Stage: func(s stage.Stage) { told <- s }}
		c.Stages = &stage.Book{Word: time.Now().Add(stage.StageLeast - stage.StageEvery)}
		w := c.Begin("something", "", 0, 0)
		for _, want := range []time.Duration{stage.StageLeast, stage.StageLeast + stage.StageEvery} {
			if s := <-told; s.Gone != want {
				t.Errorf("it says so after %v, want %v", s.Gone, want)
			}
		}
		w.End()
	})
}
