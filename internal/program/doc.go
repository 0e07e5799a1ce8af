// Package program starts a program of the user's by the shell, in a process group of its own, and keeps the end of what
// it writes.
package program
