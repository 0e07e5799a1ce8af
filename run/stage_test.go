package run

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
)

// TestStageIsTold follows stages on a clock of the test's own: a word every two seconds from the second second on,
// with what the rest takes where that is known, and none after the end.
func TestStageIsTold(t *testing.T) {
	for _, c := range []struct {
		name     string
		unit     string
		expected time.Duration
		want     []string
	}{
		{"calibrating", "samples", 0, []string{"calibrating: 20 of 100 samples, about 8s left", "calibrating: 40 of 100 samples, about 6s left"}},
		{"loading", "", 3 * time.Second, []string{"loading: about 1s left", "loading: 4s so far"}},
		{"loading", "", 0, []string{"loading: 2s so far", "loading: 4s so far"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var said []string
			book := &stage.Book{Word: time.Now()}
			config := config.Config{Say: func(text string) {
				mu.Lock()
				defer mu.Unlock()
				said = append(said, text)
			}}
			config.Stages = book
			w := config.Begin(c.name, c.unit, 100, c.expected)
			for range 5 {
				time.Sleep(time.Second - time.Millisecond)
				for range 10 {
					w.One()
				}
				time.Sleep(time.Millisecond)
				synctest.Wait()
			}
			if took := w.End(); took != 5*time.Second {
				t.Errorf("it took %v", took)
			}
			time.Sleep(time.Minute)
			if !slices.Equal(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
			if got := book.List(); len(got) != 1 || got[0].Name != c.name || got[0].Seconds != 5 {
				t.Errorf("booked %v", got)
			}
		})
	}
}

// TestInterruptedSetUp interrupts a search before its first trial, at each of its words: a new folder has what is
// known then, and the same command finds what a search without an interruption does.
func TestInterruptedSetUp(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	want := mustSearch(t, tasktest.TinyConfig(t, 40))
	for _, at := range []string{"compiling", stage.Float, stage.Load, stage.High} {
		cfg := tasktest.TinyConfig(t, 40)
		ctx, cancel := context.WithCancel(context.Background())
		whole := cfg
		cfg.Say = func(text string) {
			if strings.Contains(text, at) {
				cancel()
			}
		}
		cfg.Entered = func(stage string) {
			if stage == at {
				cancel()
			}
		}
		r, err := Search(ctx, cfg)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", at, err)
		}
		if at == stage.High && r.Score.Float == nil {
			t.Errorf("%s: the float network's score is not in the result", at)
		}
		kept, err := ReadResult(whole.Out)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if kept.Stop != "interrupted" || kept.Finished || len(kept.Holders) != len(want.Holders) || kept.Holders[0].Seen == nil || len(kept.SetUp) == 0 || kept.Score.Mixed != nil {
			t.Errorf("%s: the folder has %+v", at, kept)
		}
		if got := mustSearch(t, whole); !slices.Equal(got.Promotion, want.Promotion) || !got.Finished || got.Stop != "done" {
			t.Errorf("%s: the search that goes on finds %v, want %v", at, got.Promotion, want.Promotion)
		}
		if _, err := os.Stat(whole.Out); err != nil {
			t.Error(err)
		}
	}
}
