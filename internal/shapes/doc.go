// Package shapes infers ranks and sizes of the tensors of a graph, and counts the multiply-accumulates of its
// operators.
package shapes
