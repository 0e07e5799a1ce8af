package machine

import (
	"strings"
	"testing"
	"time"
)

// TestTooManyMembers holds the rule to its edge: a share of 12 calls is enough.
func TestTooManyMembers(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct {
		members     int
		trial, call time.Duration
		want        string // a piece; empty: nothing is said
	}{
		{8, 96 * 10 * us, 10 * us, ""},
		{8, 96*10*us - 1, 10 * us, "it takes 960µs on one of them and a call 10µs, and the share of each is less than 12 calls; 7 members would do"},
		{64, 5 * time.Millisecond, 100 * us, "; 4 members would do"},
		{2, 150 * us, 10 * us, "one device would do"},
		{2, 30 * time.Second, 2 * us, ""},
		{4, 0, 10 * us, ""}, // not known
		{4, time.Second, 0, ""},
	} {
		if got := tooMany(c.members, c.trial, c.call); (got == "") != (c.want == "") || !strings.HasSuffix(got, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
