package run

import (
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/internal/journal"
	"example.org/demote/search"
)

// TestJournalOfMembersThatDiffer has members be the same, score on, and not be the same any more: the journal has what
// was scored before they were the same last, and no progress.
func TestJournalOfMembersThatDiffer(t *testing.T) {
	j, err := journal.Open(filepath.Join(t.TempDir(), journal.JournalFile), journal.Fingerprint{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	s := &runFolder{journal: j}
	masks := make([]search.Mask, 4)
	for i := range masks {
		masks[i] = search.NewMask(3)
		for h := range i {
			masks[i].Demote(h)
		}
	}
	learn := func(at int) {
		if err := j.Learnt(masks[at], search.Score{Count: at, Total: 8}, nil); err != nil {
			t.Fatal(err)
		}
		s.unsure = append(s.unsure, masks[at].String())
	}
	learn(0)
	learn(1)
	if err := s.compared(true); err != nil {
		t.Fatal(err)
	}
	learn(2)
	if err := j.Stopped(masks[3], bounds.Progress{Blocks: 1, Count: 1}, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.LearntDistance(masks[1], 2); err != nil {
		t.Fatal(err)
	}
	if err := s.compared(false); err != nil {
		t.Fatal(err)
	}
	var whole []string
	err = j.Load(journal.Limits{Holders: 3, Total: 8, Blocks: 2}, func(m search.Mask, _ search.Score, _ []byte) { whole = append(whole, m.String()) },
		func(m search.Mask, p bounds.Progress, _ []byte) { t.Errorf("%v: progress %+v", m, p) })
	slices.Sort(whole)
	want := []string{masks[0].String(), masks[1].String()}
	slices.Sort(want)
	if err != nil || !slices.Equal(whole, want) {
		t.Errorf("it has %q, %v", whole, err)
	}
	if d, err := j.Distances(3); err != nil || len(d) > 0 {
		t.Errorf("distances %v, %v", d, err)
	}
}
