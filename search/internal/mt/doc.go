// Package mt is the random generator of a search: the Mersenne twister, and the shuffle of the reference algorithm.
package mt
