//go:build race

package run

// Every process is some ten times slower under the race detector, which has nothing to find in a killed one.
const kills, copies = 10, 10

const raced = true
