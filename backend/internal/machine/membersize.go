package machine

import (
	"fmt"
	"slices"
	"time"
)

// leastCalls is how many calls of a member its share of a trial takes at least where the member is worth it: each trial
// costs a call, and where it is rejected the block at hand.
const leastCalls = 12

// timedCalls is how many calls are timed, of which the median counts.
const timedCalls = 21

// tellSize tells, once, that there are more members than a trial keeps busy. It is for a moment at which all samples
// have run.
func (f *Members) tellSize() {
	if f.sized || f.opts.Tell == nil {
		return
	}
	f.sized = true
	trial := time.Duration(f.PassSeconds() * float64(f.samples) * float64(time.Second))
	if text := tooMany(len(f.members()), trial, f.callTime()); text != "" {
		f.opts.Tell(text)
	}
}

// callTime is how long it takes to call a member and to hear of it; 0: it is not known.
func (f *Members) callTime() time.Duration {
	first, times := f.first(), make([]time.Duration, timedCalls)
	for i := range times {
		begun := time.Now()
		if first.ping() != nil {
			return 0
		}
		times[i] = time.Since(begun)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// tooMany says that the share of each member in a trial, which takes so long on one of them, is too small for what a
// call of one takes, and how many members would do; empty: it is not.
func tooMany(members int, trial, call time.Duration) string {
	most := int(trial / (leastCalls * max(1, call)))
	if trial <= 0 || members <= max(1, most) {
		return ""
	}
	will := fmt.Sprintf("%d members would do", most)
	if most < 2 {
		will = "one device would do"
	}
	return fmt.Sprintf("%d members are too many for so short a trial: it takes %v on one of them and a call %v, and the share of each is less than %d calls; %s", members, rounded(trial), rounded(call), leastCalls, will)
}

// rounded is a time in two digits or three.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit)
}
