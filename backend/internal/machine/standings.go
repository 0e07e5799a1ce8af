package machine

import (
	"time"

	"example.org/demote/backend/link"
)

// standEvery is how often links are told how their workers stand.
const standEvery = time.Second

// tellStandings tells the links of members elsewhere how they stand, where they want to know; now: however short ago
// they were told.
func (f *Members) tellStandings(now bool) {
	if f.reserve != nil { // beside a search, which is what people look at
		return
	}
	if !now && time.Since(f.stood) < standEvery {
		return
	}
	f.stood = time.Now()
	for i, s := range f.Standings() {
		m, is := f.list[i].(*elsewhere)
		if !is {
			continue
		}
		if w, is := m.link.(link.Watched); is {
			w.Stands(link.Standing{Blocks: s.Blocks, All: f.blocks(), Samples: f.samples, Leases: f.leases, Speed: s.Speed, Waited: s.Waited})
		}
	}
}
