package far_test

import (
	"encoding/json"
	"strings"
	"testing"

	"example.org/demote/backend/link"
)

// TestBlocksAtOnce holds that a worker runs as many blocks at once as a search asks for, and no more than it may.
func TestBlocksAtOnce(t *testing.T) {
	for _, c := range []struct{ may, asked, want int }{{0, 1, 1}, {0, 2, 2}, {1, 0, 1}, {1, 3, 1}, {2, 1, 1}} {
		s, _, plan, hold := served(t, c.may)
		plan.Workers = c.asked
		if text := ask(t, s, "plan", plan) + ask(t, s, "hold", hold); text != "" {
			t.Fatal(text)
		}
		request, _ := json.Marshal(link.Request{Version: link.Version, Call: "state"})
		said, err := s.Call(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		var reply struct{ Result struct{ Workers int } }
		if err := json.Unmarshal(said, &reply); err != nil || reply.Result.Workers != c.want {
			t.Errorf("%d may run and %d are asked for: %d run at once, not %d (%v)", c.may, c.asked, reply.Result.Workers, c.want, err)
		}
	}
}

// TestRoomOfBlocksAtOnce holds that a worker has room for as many blocks as it runs at once, and not for those that a
// search asks for and it may not run.
func TestRoomOfBlocksAtOnce(t *testing.T) {
	s, _, plan, _ := served(t, 1)
	plan.Workers, plan.Shapes[0].Network.Steps = 1<<12, map[string]int{"x": 8}
	if text := ask(t, s, "plan", plan); strings.Contains(text, "there is room for") {
		t.Errorf("a worker that runs one block at once: %s", text)
	}
	s, _, plan, _ = served(t)
	plan.Workers, plan.Shapes[0].Network.Steps = 1<<12, map[string]int{"x": 8}
	if text := ask(t, s, "plan", plan); !strings.Contains(text, "there is room for") {
		t.Errorf("it has room for all blocks at once: %s", text)
	}
}
