// Package blocks shapes samples into the blocks, or batches, that a network runs on: the axis on which samples lie in
// each input and output, whether samples in one block touch each other, the shapes of all tensors for a block of a
// size, and samples that are read in another order, in shapes of their own or as bytes.
package blocks
