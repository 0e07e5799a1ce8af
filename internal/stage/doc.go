// Package stage tells how the work before the first trial stands: what a stage has taken and what is left of it, in a
// line every two seconds.
package stage
