package bounds

import (
	"math/rand/v2"
	"testing"

	"example.org/demote/search"
)

// TestTable compares the table with a map, for mask lengths around the word size and masks that differ in few bits.
func TestTable(t *testing.T) {
	for _, n := range []int{0, 1, 7, 63, 64, 65, 130, 1000} {
		rng := rand.New(rand.NewPCG(uint64(n), 8))
		var table Table[int]
		if _, ok := table.Get(search.NewMask(n)); ok {
			t.Fatal("an empty table has an entry")
		}
		for range 2 {
			want := map[string]int{}
			mask := search.NewMask(n)
			for step := range 3000 {
				if n > 0 {
					i := rng.IntN(min(n, 1+step/4))
					if mask.Low(i) {
						mask.Promote(i)
					} else {
						mask.Demote(i)
					}
				}
				got, ok := table.Get(mask)
				old, there := want[mask.Key()]
				if ok != there || got != old {
					t.Fatalf("n=%d step %d: %d %v, want %d %v", n, step, got, ok, old, there)
				}
				if rng.IntN(2) == 0 {
					table.Put(mask, step)
					want[mask.Key()] = step
				}
				if table.Len() != len(want) {
					t.Fatalf("n=%d step %d: %d entries, want %d", n, step, table.Len(), len(want))
				}
			}
			table.Clear()
		}
	}
}
