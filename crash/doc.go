// Package crash turns a panic into an error where a goroutine begins. Go ends a process whose goroutine panics with
// exit code 2 and a stack, which a script takes for a mistake of the user; an error goes its way instead, so that
// files are closed, what was found stays on disk, and the program ends with one line that says what to report.
package crash
