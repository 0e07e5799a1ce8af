// Package stage reports the progress of the work before the first evaluation of a search and after the last one, in a
// line every two seconds, and records the duration of each stage.
package stage
