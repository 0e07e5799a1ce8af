// Package question asks of the samples, the float network and the two endpoints whether they are what the user takes
// them for: scales, labels, copies, a score near chance, an int16 network that is not the float one any more. What it
// doubts becomes a warning with a cure, before the first trial.
package question
