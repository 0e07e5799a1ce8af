// Package sites finds the holders of a float network, the activation tensors that get a quantizer, and what is known
// of each: the patterns that it is part of, the nodes that read it, the work that they do, the values that fill it.
package sites
