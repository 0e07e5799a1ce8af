// Package trial runs a task: it chooses the device, fits the block to its memory, scores the float network, compiles
// the switchable one, proves that a score is a function of mask and sample, and scores the two endpoints. What comes
// out of it, a Runner, is what a search, a hold-out, a measurement and the check of a written file run trials on.
package trial
