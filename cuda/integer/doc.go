// Package integer is a prototype: convolutions and matrix products of tensors on grids as sums of integers, which no
// order of summation and no unit of a GPU can change. integer.cu has the kernels, this package their twin in plain Go,
// bit for bit, and what lays tensors out for them. Nothing of it is linked into the program; docs/integer.md says what
// a search with it would need.
//
// A step is a whole number, and a value on a grid is a step times the grid's scale. Tensors are [samples, height,
// width, channels], weights [channels, kernel height, kernel width, input channels of a group].
package integer
