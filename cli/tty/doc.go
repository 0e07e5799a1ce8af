// Package tty makes what is shown on a terminal: text that cannot steer it, and the time that is left.
package tty
