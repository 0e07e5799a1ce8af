package ir

import (
	"strings"
	"testing"
)

// TestFreshNamesStayTheSame holds that names are numbered from 1, whatever was asked for before.
func TestFreshNamesStayTheSame(t *testing.T) {
	s := &Names{map[string]bool{"a_2": true}, map[string]int{}}
	var got []string
	for _, name := range []string{"a", "a", "a", "a_1", "a", "b", "a_4"} {
		got = append(got, s.Fresh(name))
	}
	if want := "a a_1 a_3 a_1_1 a_4 b a_4_1"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
