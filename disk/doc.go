// Package disk reads files that nobody vouches for and replaces files so that a reader never sees half of one. Every
// other room reads and writes through it, so that each of the rules is kept in one place: regular files only, a limit
// on what is read whole, the umask honoured, and what was promised to be on disk forced there, with the folder that
// names it.
package disk
