package journal

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"example.org/demote/search"
)

// BenchmarkJournal is what keeping a score costs a search: forced to disk within half a second, as a run does, and at
// every row (synchronous=FULL).
func BenchmarkJournal(b *testing.B) {
	for _, full := range []bool{false, true} {
		name := map[bool]string{false: "forced-soon", true: "forced-at-once"}[full]
		b.Run(name, func(b *testing.B) {
			j, err := Open(filepath.Join(b.TempDir(), JournalFile), Fingerprint{})
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			if full {
				if _, err := j.DB.Exec(`PRAGMA synchronous = FULL`); err != nil {
					b.Fatal(err)
				}
			}
			rng := rand.New(rand.NewPCG(1, 1))
			for b.Loop() {
				m := search.NewMask(100)
				for i := range 100 {
					if rng.IntN(2) == 0 {
						m.Demote(i)
					}
				}
				if err := j.Learnt(m, search.Score{Count: 1, Total: 2}, nil); err != nil {
					b.Fatal(err)
				}
			}
			if !full {
				began := time.Now()
				j.Wal.force()
				b.ReportMetric(float64(time.Since(began).Microseconds()), "us/force")
			}
		})
	}
}
