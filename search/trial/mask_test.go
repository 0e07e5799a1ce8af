package trial

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/mistake"
)

// TestMaskLengths runs the mask through lengths around its word size against a plain slice of bools.
func TestMaskLengths(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000} {
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		m, want := NewMask(n), make([]bool, n)
		for range 4 * n {
			i := rng.IntN(n)
			if rng.IntN(2) == 0 {
				m.Demote(i)
				want[i] = true
			} else {
				m.Promote(i)
				want[i] = false
			}
		}
		var text strings.Builder
		count := 0
		for i, low := range want {
			if m.Low(i) != low {
				t.Fatalf("n=%d: holder %d is %v", n, i, m.Low(i))
			}
			if low {
				count++
				text.WriteByte('1')
			} else {
				text.WriteByte('0')
			}
		}
		if m.Len() != n || m.Count() != count || m.String() != text.String() {
			t.Fatalf("n=%d: length %d, count %d, text %s", n, m.Len(), m.Count(), m)
		}
		back, err := ParseMask(text.String())
		if err != nil || !back.Equal(m) || back.Key() != m.Key() || len(m.Key()) != (n+7)/8 {
			t.Fatalf("n=%d: parsed %s, %v", n, back, err)
		}
		c := m.Clone()
		if n > 0 {
			if c.Low(n - 1) {
				c.Promote(n - 1)
			} else {
				c.Demote(n - 1)
			}
			if c.Equal(m) || c.Key() == m.Key() || c.FirstDifference(m) != n-1 {
				t.Fatalf("n=%d: clone shares bits or equals after a change", n)
			}
			c.CopyFrom(m)
		}
		if !c.Equal(m) || c.FirstDifference(m) != -1 {
			t.Fatalf("n=%d: copy differs", n)
		}
	}
}

func TestMaskErrors(t *testing.T) {
	if _, err := ParseMask("0102"); !errors.Is(err, mistake.Err) {
		t.Errorf("ParseMask: %v", err)
	}
	for name, f := range map[string]func(){
		"low":     func() { NewMask(3).Low(3) },
		"demote":  func() { NewMask(64).Demote(-1) },
		"promote": func() { NewMask(0).Promote(0) },
		"copy":    func() { NewMask(2).CopyFrom(NewMask(3)) },
		"length":  func() { NewMask(-1) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(r.(string), "search: ") {
					t.Errorf("%s: recovered %v", name, r)
				}
			}()
			f()
		}()
	}
}

func TestNewMasksAreApart(t *testing.T) {
	masks := NewMasks(70, 3)
	masks[1].Demote(69)
	if masks[0].Count() != 0 || masks[1].Count() != 1 || masks[2].Count() != 0 {
		t.Error("masks of one piece share bits")
	}
}
