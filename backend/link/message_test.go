package link

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// TestLeasesArrive holds that what is read of a lease is what was written, and its size.
func TestLeasesArrive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, holders := range []int{0, 1, 7, 8, 9, 64, 65, 221} {
		for i := range 50 {
			l := bounds.Lease{ID: rng.Uint64(), Base: search.NewMask(holders), Mask: search.NewMask(holders), From: rng.IntN(1 << 20), Spare: rng.IntN(1 << 20)}
			for h := range holders {
				if rng.IntN(2) == 0 {
					l.Base.Demote(h)
				}
				if rng.IntN(2) == 0 {
					l.Mask.Demote(h)
				}
			}
			if i%3 == 0 {
				l.Spare = bounds.Endless
			}
			l.Rows = i%2 == 0
			l.Unjudged = i%4 == 0
			size := 17 + 2*((holders+7)/8)
			if i%5 == 0 {
				l.Only = []int{3, 1 << 19}
				size += 8
			}
			m := Lease(l.ID, &l)
			got, err := ReadLease(m, holders)
			if err != nil || !reflect.DeepEqual(*got, l) {
				t.Fatalf("%+v, %v, want %+v", got, err, l)
			}
			if len(m) != size {
				t.Errorf("%d bytes for %d holders, want %d", len(m), holders, size)
			}
			if number, err := LeaseOf(m); err != nil || number != l.ID {
				t.Error(number, err)
			}
			if _, err := ReadLease(m, holders+16); err == nil && l.Only == nil {
				t.Error("a lease of another network is read")
			}
		}
	}
	if m := Drop(5); len(m) != 9 {
		t.Errorf("a drop of %d bytes", len(m))
	}
	lease, answers, steps, err := ReadBeat(Beat(7, 9, 11))
	if lease != 7 || answers != 9 || steps != 11 || err != nil || len(Beat(0, 0, 0)) != 25 {
		t.Error(lease, answers, steps, err)
	}
}

// TestAnswersArrive holds that what is read of an answer is what was written but for the last bits of its times, and
// its size.
func TestAnswersArrive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		samples := 1 + rng.IntN(300)
		a := bounds.Answer{Lease: rng.Uint64N(1 << 40), Block: rng.IntN(1 << 20), Work: float64(rng.IntN(1000)) / 4, Seconds: math.Exp(rng.Float64()*30 - 20)}
		size := 25
		if words := (samples + 63) / 64; rng.IntN(2) == 0 {
			a.Gain.Sum = rng.NormFloat64()
			a.Gain.Count = rng.IntN(2) * samples
		} else {
			for slot := range samples {
				if slot == 0 || rng.IntN(2) == 0 {
					a.Gain.Hits.Set(slot)
					a.Gain.Count++
				}
			}
			if a.Gain.Sum = float64(a.Gain.Count); samples <= bounds.OutcomeSamples {
				size = 13 + 8*words
			} else {
				a.Gain.Hits = bounds.HitBits{}
			}
		}
		m := Answer(&a, samples)
		got, err := ReadAnswer(m)
		for _, c := range [][2]float64{{got.Work, a.Work}, {got.Seconds, a.Seconds}} {
			if math.Abs(c[0]-c[1]) > c[1]/100 {
				t.Errorf("%v came as %v", c[1], c[0])
			}
		}
		got.Work, got.Seconds = a.Work, a.Seconds
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("%+v, %v, want %+v", got, err, a)
		}
		if len(m) != size {
			t.Errorf("%d bytes for %d samples, want %d", len(m), samples, size)
		}
	}
	rows := make([]float32, PieceBytes/4*2+7)
	for i := range rows {
		rows[i] = rng.Float32()
	}
	rows[3] = float32(math.NaN())
	got, all := make([]float32, len(rows)), 0
	list := Pieces(4, 5, rows)
	for _, m := range []([]byte){list[2], list[0], list[1]} {
		from, to, err := ReadPiece(m, got)
		if block, err2 := BlockOf(m); err != nil || err2 != nil || block != 5 {
			t.Fatal(err, err2, block)
		}
		all += to - from
	}
	if got[3] == got[3] {
		t.Error("a NaN is lost")
	}
	rows[3], got[3] = 0, 0
	if all != len(rows) || !reflect.DeepEqual(got, rows) {
		t.Errorf("%d of %d values", all, len(rows))
	}
	if _, _, err := ReadPiece(list[2], got[:9]); err == nil {
		t.Error("a piece is read that lies behind the rows")
	}
}

// TestAnswersArriveTogether holds that of several answers in one message each is the one that was sent, and that one
// alone is a message as ever.
func TestAnswersArriveTogether(t *testing.T) {
	var list [][]byte
	size := 1
	for i := range 90 {
		a := bounds.Answer{Lease: 9, Block: i}
		if i%2 == 0 {
			a.Gain.Hits.Set(i)
			a.Gain.Count, a.Gain.Sum = 1, 1
		}
		list = append(list, Answer(&a, 64+2*i))
		size += 1 + len(list[i])
		m := Answers(list)
		if i == 0 {
			if !bytes.Equal(m, list[0]) {
				t.Errorf("one alone is %x", m)
			}
			continue
		}
		got, err := ReadAnswers(m)
		if err != nil || !reflect.DeepEqual(got, list) || len(m) != size || size > AnswersBytes {
			t.Fatalf("%d bytes of %d, %v", len(m), size, err)
		}
		if _, err := ReadAnswers(m[:len(m)-1]); err == nil {
			t.Error("half an answer is read")
		}
		if _, err := ReadAnswers(Answers([][]byte{m[:200%len(m)], list[0]})); err == nil {
			t.Error("answers in answers are read")
		}
	}
	if _, err := ReadAnswers(append(Answers(list), make([]byte, AnswersBytes)...)); err == nil {
		t.Error("a message without bound is read")
	}
}

// FuzzMessages reads any bytes as every message.
func FuzzMessages(f *testing.F) {
	l := bounds.Lease{Base: search.NewMask(9), Mask: search.NewMask(9)}
	f.Add(Lease(1, &l), 9)
	f.Add(Answer(&bounds.Answer{}, 4), 4)
	f.Add(Answer(&bounds.Answer{Gain: bounds.Gain{Outcomes: []bounds.Outcome{{3, 1, 300, math.MaxInt32}}}}, 4), 4)
	f.Add(append(pace(KindCounts, &bounds.Answer{}, 0), 0xff, 0xff, 0xff, 0xff, 0x0f), 4)
	f.Add(Beat(1, 2, 5), 0)
	f.Add(Pieces(1, 2, []float32{1, 2})[0], 2)
	f.Add(Failed(1, 2, "no", false), 2)
	f.Add(Answers([][]byte{Answer(&bounds.Answer{}, 4), Answer(&bounds.Answer{Block: 1}, 4)}), 4)
	f.Add([]byte{Version << 4}, 1)
	f.Fuzz(func(t *testing.T, m []byte, n int) {
		n = max(0, n%1000)
		_, _ = KindOf(m)
		_, _ = LeaseOf(m)
		_, _ = BlockOf(m)
		_, _, _, _ = ReadBeat(m)
		_, _ = Why(m), FailedWhy(m)
		rows := make([]float32, n)
		if from, to, err := ReadPiece(m, rows); err == nil && (from < 0 || to < from || to > n) {
			t.Errorf("from %d to %d of %d", from, to, n)
		}
		if l, err := ReadLease(m, n); err == nil {
			if again := Lease(l.ID, l); string(again) != string(m) && l.Spare != bounds.Endless {
				t.Errorf("%x is read as %x", m, again)
			}
		}
		if a, err := ReadAnswer(m); err == nil && (!(a.Work >= 0) || a.Gain.Count < 0 || len(a.Gain.Outcomes) > 0 && slices.Min(a.Gain.Outcomes[0]) < 0) {
			t.Errorf("%+v", a)
		}
		if list, err := ReadAnswers(m); err == nil && len(list) > 1 && string(Answers(list)) != string(m) {
			t.Errorf("%x is read as %x", m, list)
		}
	})
}
