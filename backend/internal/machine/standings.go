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
		if m, is := f.list[i].(*elsewhere); is {
			stands := link.Standing{Blocks: s.Blocks, Speed: s.Speed, Waited: s.Waited}
			if f.Lost(i) != nil {
				stands.Coming = link.LeftOut
			}
			f.tellStanding(m.link, stands)
		}
	}
	if f.recruits == nil {
		return
	}
	for _, c := range f.recruits.coming {
		s := link.Standing{Coming: link.GetsReady}
		if c.done.Load() && c.err == nil && !f.lacks(c) {
			s.Coming = link.Waits
		}
		f.tellStanding(c.link, s)
	}
}

// tellStanding tells the link of a worker how it stands, if it wants to know.
func (f *Members) tellStanding(l link.Link, s link.Standing) {
	if w, is := l.(link.Watched); is {
		s.All, s.Samples, s.Leases = f.blocks(), f.samples, f.leases
		w.Stands(s)
	}
}
