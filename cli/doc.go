// Package cli is the command line of demote: one file a command, and nothing in it that a user of
// the packages would miss.
package cli
