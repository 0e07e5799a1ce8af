//go:build !race

package cli

// underRace says that the tests run under the race detector.
const underRace = false
