package cli

import (
	"testing"

	"example.org/demote/run"
)

// slow are searches that last a while.
func slow() []use {
	on := func(target string, more ...string) maker {
		return func(t *testing.T, in inputs) []string {
			big := layered(t, 5, 300)
			in.flags["--model"], in.flags["--calib"], in.flags["--data"], in.flags["--target"] = big.path("net.onnx"), big.path("calib.npz"), big.path("eval.npz"), target
			return append([]string{"--metric", "sqnr", "--scan", "naive", "--workers", "1"}, more...)
		}
	}
	return []use{{name: "ranges and repairs", make: on("60%", "--range", "auto", "--repair", "auto", "--strategy", "greedy")}, {name: "list", make: on("30%,60%", "--strategy", "greedy")},
		{name: "ladder", make: on("16bit-25", "--ladder", "4,8,16")}, {name: "curve", make: on("60%", "--curve", "--strategy", "gallop")}}
}

// TestClusterUsesGoOn interrupts a search at one place after the other, with the same run folder: alone, on workers and
// on members. At the end it has the files of one that was left alone.
func TestClusterUsesGoOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	farms := newFarms(t, 1)
	for i, u := range slow() {
		if i == 0 || *allUses {
			t.Run(u.name, func(t *testing.T) {
				farms.with(t, func(f *farm) { u.goOn(t, f) })
			})
		}
	}
}

func (u use) goOn(t *testing.T, f *farm) {
	a := u.asked(t, good(t))
	alone, want := a.at(t, placeAlone)
	if alone.code != 0 {
		t.Fatalf("alone: exit code %d, %s", alone.code, alone.err)
	}
	moved, ended := place{name: "moved"}, false
	places := placesOf(f)
	for _, p := range []place{placeAlone, places[1], places[0], places[1], placeAlone} {
		if ended = !interruptedAt(t, a.args(moved.name, append(p.flags, "--json")...)); ended {
			break
		}
	}
	if !ended {
		if got := finish(t, process(a.args(moved.name, places[1].flags...)...)); got.code != 0 {
			t.Fatalf("exit code %d, %s", got.code, got.err)
		}
	}
	sameWritten(t, "moved", writtenBy(t, a.out(moved)), want)
}

// interruptedAt has a search make a move and interrupts it; false: it has come to its end before.
func interruptedAt(t *testing.T, args []string) bool {
	t.Helper()
	code, said := atMove(t, args, interrupt)
	t.Logf("exit code %d", code)
	if code != 0 && code != run.ExitInterrupted {
		t.Fatalf("exit code %d, %s", code, said)
	}
	return code != 0
}
