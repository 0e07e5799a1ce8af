// Package blocks puts samples into the blocks (batches) on which a network runs. It finds the axis of the samples in
// each input and output, whether samples of one block affect each other, and the shapes of all tensors for a block
// size. It also reads samples in another order of inputs, in shapes of their own, or as bytes.
package blocks
