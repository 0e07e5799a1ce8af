package run

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
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

// TestOtherBitsAreRefused goes on with a run on a device that computes other bits, as its journal has them: it is
// refused, and with bits of another network, or none, as in journals of earlier versions, it goes on. Bits are those of
// every number of workers and members.
func TestOtherBitsAreRefused(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	ctx, cancel := context.WithCancel(context.Background())
	cfg.Progress = func(e search.Event) {
		if e.Kind == search.EventMove {
			cancel()
		}
	}
	if _, err := Search(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Out, journal.JournalFile)
	with := func(f func(j *journal.Journal) error) {
		db, err := journal.OpenDB(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := f(&journal.Journal{DB: db, Wal: &journal.WalSync{Path: path + "-wal"}}); err != nil {
			t.Fatal(err)
		}
	}
	var text string
	read := func() string {
		with(func(j *journal.Journal) error {
			return j.DB.QueryRow(`SELECT value FROM meta WHERE key = 'bits'`).Scan(&text)
		})
		return text
	}
	began := read()
	network, _, _ := strings.Cut(began, " ")
	for i, c := range []struct {
		bits    string
		refused bool
	}{{began, false}, {network + " 00112233", true}, {"another 00112233", false}, {"", false}} {
		with(func(j *journal.Journal) error {
			if c.bits != "" {
				return j.SetMeta("bits", c.bits)
			}
			_, err := j.DB.Exec(`DELETE FROM meta WHERE key = 'bits'`)
			return err
		})
		cfg.Members, cfg.Workers = i%3, 1+i%2
		ctx, cancel = context.WithCancel(context.Background())
		_, err := Search(ctx, cfg)
		cancel()
		if !c.refused && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if refused := err != nil && strings.Contains(err.Error(), "the device computes other bits now"); refused != c.refused || refused && ExitCode(err) != ExitMistake {
			t.Errorf("bits %q: %v", c.bits, err)
		}
		if !c.refused && read() != began {
			t.Errorf("bits %q, then %q, at first %q", c.bits, text, began)
		}
	}
}
