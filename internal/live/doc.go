// Package live looks at a search from outside while it runs: State is what its folder says, Server shows it in a
// browser. It reads the run's files and the journal as any reader may, and disturbs nothing.
package live
