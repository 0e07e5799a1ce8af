// Package serve starts a metric server, a program of the user's that stays, and talks to it over its standard input and
// output: docs/metrics.md describes the protocol. What it judges is told once, by Open; then come blocks of outputs,
// Judge or Add, as they end. Requests have numbers, and whoever waits for an answer keeps nobody from asking on.
package serve
