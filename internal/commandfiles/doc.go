// Package commandfiles finds the files that a shell's command line reads.
package commandfiles
