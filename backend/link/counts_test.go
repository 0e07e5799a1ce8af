package link

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"example.org/demote/backend/bounds"
)

// TestCountsArrive sends outcomes, which come as one, and refuses what none are before memory is taken for them.
func TestCountsArrive(t *testing.T) {
	a := bounds.Answer{Lease: 1<<40 - 1, Block: 7, Gain: bounds.Gain{Outcomes: []bounds.Outcome{{0, 3, 4, 5}, {200, 0, 1 << 14, math.MaxInt32}}}}
	m := Answer(&a, 8)
	got, err := ReadAnswer(m)
	a.Gain.Outcomes = []bounds.Outcome{{0, 3, 4, 5, 200, 0, 1 << 14, math.MaxInt32}}
	if err != nil || !reflect.DeepEqual(got, a) {
		t.Fatalf("%+v, %v, want %+v", got, err, a)
	}
	if want := paced + 4 + 2 + 1 + 3 + 5; len(m) != want {
		t.Errorf("%d bytes, want %d", len(m), want)
	}
	most := PieceBytes / mostNumber
	if !CountsFit(most) || CountsFit(most+1) {
		t.Error("the most numbers of an answer are others")
	}
	all := make(bounds.Outcome, most)
	for i := range all {
		all[i] = math.MaxInt32
	}
	a.Gain.Outcomes = []bounds.Outcome{all}
	if got, err := ReadAnswer(Answer(&a, 8)); err != nil || !reflect.DeepEqual(got, a) {
		t.Error("the most numbers do not arrive:", err)
	}
	for name, tail := range map[string][]byte{"none": nil, "half a number": {3, 0x80}, "a negative number": {0xff, 0xff, 0xff, 0xff, 0x0f}, "a long number": {0x80, 0x80, 0x80, 0x80, 0x80, 1},
		"endless": bytes.Repeat([]byte{0x80}, 100), "too many": make([]byte, PieceBytes+1)} {
		if got, err := ReadAnswer(append(pace(KindCounts, &a, 0), tail...)); err == nil {
			t.Errorf("%s: read as %d outcomes", name, len(got.Gain.Outcomes))
		}
	}
}
