//go:build !race

package run

// kills is how many random instants searches are killed at.
const kills = 200
