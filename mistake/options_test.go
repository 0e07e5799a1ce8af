package mistake

import (
	"errors"
	"fmt"
	"testing"
)

// TestText has flags as the program's texts have them, and what looks like one in the words of a user.
func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"--limit": "option limit",
		"give --calib and --data; --scale, --mean":      "give option calib and option data; option scale, option mean",
		"give it a value, --input x=VALUE (--cache)":    "give it a value, option input x=VALUE (option cache)",
		"--model and --low/--high exclude each other":   "option model and option low/option high exclude each other",
		"choose another with --output.":                 "choose another with option output.",
		"[--calib C.npz] --metric-cmd, --metric":        "[option calib C.npz] option metric-cmd, option metric",
		"--label 3, --limits, --limit_, --limit.npz":    "--label 3, --limits, --limit_, --limit.npz",
		"a--limit b/--limit ---limit x/--limit/y -- ok": "a--limit b/--limit ---limit x/--limit/y -- ok",
		`--metric-cmd "m --data \" --out x": --force`:   `option metric-cmd "m --data \" --out x": option force`,
		`5" wide --limit`:                               `5" wide option limit`,
		"":                                              "",
	} {
		if got := Text(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
		NameFlags(true)
		if got := Text(text); got != text {
			t.Errorf("%s becomes %s in the program", text, got)
		}
		NameFlags(false)
	}
}

// TestErrorsQuote wraps the words of others: they stay, and what is the project's own becomes options, at any depth.
func TestErrorsQuote(t *testing.T) {
	theirs := errors.New("usage: m.py --data FILE")
	inner := Errorf("no answer: %w; give more with %s", theirs, "--metric-timeout")
	outer := Errorf("%s: %w (%v), or leave out --metric", "a--limit.npz", fmt.Errorf("twice: %w", inner), inner)
	const (
		plainly = "no answer: usage: m.py --data FILE; give more with option metric-timeout"
		typed   = "no answer: usage: m.py --data FILE; give more with --metric-timeout"
	)
	if got, want := outer.Error(), "a--limit.npz: twice: "+plainly+" ("+plainly+"), or leave out option metric"; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if !errors.Is(outer, theirs) || !errors.Is(outer, Err) {
		t.Error("a mistake loses what it wraps")
	}
	NameFlags(true)
	defer NameFlags(false)
	if got := inner.Error(); got != typed {
		t.Errorf("in the program: %s", got)
	}
	outer = Errorf("%w: leave out --metric", inner)
	if got, want := outer.Error(), typed+": leave out --metric"; got != want {
		t.Errorf("in the program: got %s, want %s", got, want)
	}
}
