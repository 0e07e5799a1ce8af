// Package memory finds how much memory is left for this process, in bytes: from the system, control groups and its own
// limits. It also sets a limit on the process and watches it.
package memory
