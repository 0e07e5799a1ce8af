// Package metric holds the metrics that score a network's outputs: those of the program, commands of the user's, and
// those that a program which embeds this one registers. A Scorer applies one to the outputs of blocks, and says how
// blocks add up to a score.
package metric
