package constraint

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// mostBranches bounds the alternatives of the braces of a pattern, since matching tries them all: {a,b}{c,d} has
// 4.
const mostBranches = 256

// validPattern reports whether a text is a glob that can be matched in no time.
func validPattern(text string) bool {
	return doublestar.ValidatePattern(text) && branches(text) <= mostBranches
}

// branches is an upper bound of the alternatives of the braces: inner ones count like outer ones.
func branches(text string) int {
	all := 1
	var open []int // alternatives of the braces that are open
	for i := 0; i < len(text) && all <= mostBranches; i++ {
		switch text[i] {
		case '\\':
			i++
		case '{':
			open = append(open, 1)
		case ',':
			if len(open) > 0 {
				open[len(open)-1]++
			}
		case '}':
			if n := len(open); n > 0 {
				all *= open[n-1]
				open = open[:n-1]
			}
		}
	}
	return all * (1 + strings.Count(text, "**/")) // each of which is tried at every part of a name
}
