// Package mt is the random generator of a search: the Mersenne twister, and the shuffle that ALGORITHM.md describes.
package mt
