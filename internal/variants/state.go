package variants

import (
	"regexp"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
)

// FedBy returns the output that is fed back to an input; empty: none is.
func FedBy(m *ir.Model, input string) string {
	for _, s := range m.States {
		if s.Input == input {
			return s.Output
		}
	}
	return ""
}

// WithStates appends the outputs that are fed back to a list of outputs, each once.
func WithStates(m *ir.Model, outputs ...string) []string {
	all := slices.Clone(outputs)
	for _, s := range m.States {
		if !slices.Contains(all, s.Output) {
			all = append(all, s.Output)
		}
	}
	return all
}

// OwnOutputs returns the outputs that are not fed back.
func OwnOutputs(m *ir.Model) (names []string) {
	for _, v := range m.Outputs() {
		if !slices.ContainsFunc(m.States, func(s ir.State) bool { return s.Output == v.Name }) {
			names = append(names, v.Name)
		}
	}
	return names
}

// NextState returns the output that looks like the next value of an input: of its type and shape, and of a similar
// name, as state and stateN, h0 and hn, cache_in and cache_out. Empty: there is none, or there are several.
func NextState(m *ir.Model, input ir.Value) string {
	found, bare := "", bareState(input.Name)
	for _, out := range m.Outputs() {
		if out.Type != input.Type || !out.MayBe(input.Dims) || bareState(out.Name) != bare || bare == "" {
			continue
		}
		if found != "" {
			return ""
		}
		found = out.Name
	}
	return found
}

// stateWords are what names of states have beside the state: which of the two it is.
var stateWords = regexp.MustCompile(`(^|[^a-z])(input|output|in|out|next|new|prev|previous|past|present|old)(?:[^a-z]|$)`)

// bareState is a name without what tells the next value of a state from the one before.
func bareState(name string) string {
	bare := strings.ToLower(name)
	for {
		next := stateWords.ReplaceAllString(bare, "$1")
		if next = strings.Trim(next, "_-./:"); next == bare {
			break
		}
		bare = next
	}
	return strings.Trim(strings.TrimRight(bare, "n0"), "_-./:")
}
