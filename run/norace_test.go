//go:build !race

package run

// kills is how many random instants searches are killed at, copies how many copies are made of a folder while one runs.
const kills, copies = 200, 60
