//go:build !race

package run

// kills is how many random instants searches are killed at, copies how many copies are made of a folder while one
// runs.
const kills, copies = 120, 40

// raced says that this is the race detector's process, whose own memory is several times that of what it watches.
const raced = false
