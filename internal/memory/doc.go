// Package memory says how much memory this process can still have, by the system, control groups and its own limits,
// in bytes; it puts a limit on the process and watches it.
package memory
