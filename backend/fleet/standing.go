package fleet

// A Standing is how a member stands, for people.
type Standing struct {
	Blocks int     // that it holds
	Speed  float64 // passes of a sample through the whole network a second since it joined; 0: not known, or lost
	Waited float64 // share of the time of leases that ran to their end in which only this member still ran, 0 to 1
}

// Standings are those of all members, in their order.
func (f *Fleet) Standings() []Standing {
	list := make([]Standing, len(f.members))
	for _, owner := range f.owner {
		list[owner].Blocks++
	}
	for i, m := range f.members {
		if m.lost == nil && m.seconds > 0 {
			list[i].Speed = m.work / m.seconds
		}
		if f.balance.all > 0 {
			list[i].Waited = f.balance.allWaits[i] / f.balance.all
		}
	}
	return list
}
